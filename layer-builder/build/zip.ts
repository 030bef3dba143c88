/** Writes the same files to the same bytes, every time and everywhere. */
import { once } from 'node:events';
import { ZipArchive } from 'archiver';
import { compareBytes } from '../../artifact/digest.ts';
import type { ArtifactFile } from './file.ts';
import { readContent } from './file.ts';
import { settleZip } from './zip-settle.ts';

/**
 * Near the first date that a zip can hold; the real one would make every build another. One minute past noon is what
 * Debian's strip-nondeterminism sets, so that tool finds nothing to do.
 */
const epoch = new Date('1980-01-01T12:01:00Z');

/**
 * A zip of the files, sorted by the bytes of their paths: fixed date in UTC, fixed level, modes 0644 and 0755,
 * no folders, no extra fields, no comments, no data descriptors.
 *
 * Throws `BUILD_SOURCE_CHANGED` when a file is no longer the one that was hashed.
 */
export async function writeZip(files: readonly ArtifactFile[]): Promise<Buffer> {
  const sorted = [...files].sort((a, b) => compareBytes(a.path, b.path));
  return settleZip(await Promise.all(halves(sorted).map(writeHalf)));
}

/** Two, because deflate works outside of the main thread: what the bytes are does not depend on where they are cut. */
function halves(files: readonly ArtifactFile[]): readonly (readonly ArtifactFile[])[] {
  let left = files.reduce((sum, file) => sum + file.size, 0) / 2;
  const middle = files.findIndex(({ size }) => {
    left -= size;
    return left <= 0;
  });
  return middle > 0 ? [files.slice(0, middle), files.slice(middle)] : [files];
}

async function writeHalf(files: readonly ArtifactFile[]): Promise<Buffer> {
  const archive = new ZipArchive({ zlib: { level: 9 }, forceLocalTime: false });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    archive.on('data', (chunk: Buffer) => chunks.push(chunk));
    archive.on('end', resolve);
    archive.on('error', reject);
    archive.on('warning', reject);
  });
  for (const file of files) {
    const written = once(archive, 'entry');
    archive.append(readContent(file), { name: file.path, date: epoch, mode: file.mode });
    // One file in memory at a time: archiver would queue them all.
    await Promise.race([written, ended]);
  }
  await archive.finalize();
  await ended;
  return Buffer.concat(chunks);
}
