/** One file on its way into a zip: its place, its mode, and where its bytes come from. */
import { readFileSync } from 'node:fs';
import { sha256Hex } from '../../artifact/digest.ts';
import { BuilderError } from '../errors.ts';
import type { Elf } from './native/elf.ts';

export interface ArtifactFile {
  /** Path inside the zip, `/`-separated. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly size: number;
  readonly sha256: string;
  /** Bytes in memory, or the absolute path of a file that is read again when the zip is written. */
  readonly content: Buffer | string;
  /** What it asks of the machine, when it is machine code. */
  readonly native?: Elf;
}

export function fileOf(path: string, text: string | Buffer): ArtifactFile {
  const content = Buffer.from(text);
  return { path, mode: 0o644, size: content.length, sha256: sha256Hex(content), content };
}

/** The bytes as they were hashed. Throws `BUILD_SOURCE_CHANGED` when the file on disk is another one by now. */
export function readContent(file: ArtifactFile): Buffer {
  if (typeof file.content !== 'string') return file.content;
  const bytes = readFileSync(file.content);
  const found = sha256Hex(bytes);
  if (found === file.sha256) return bytes;
  throw new BuilderError(
    'BUILD_SOURCE_CHANGED',
    `${file.path} changed while it was being packed (expected sha256:${file.sha256}, found sha256:${found})`,
    {
      hint: 'let nothing write to the project during a build, then build again',
      details: { path: file.path },
    },
  );
}
