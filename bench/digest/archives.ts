/** What bench/digest-memory.ts asks for: archives at the limits, and archives that nobody should get away with. */

import { archiveOf } from '../../test/src/helpers/tar.ts';
import { type EntrySpec, makeZip } from '../../test/support/zips/write.ts';
import { type File, makeRepositories } from './repositories.ts';

export interface MeasuredArchive {
  readonly name: string;
  readonly kind: 'tar' | 'zip';
  readonly archive: Buffer;
  readonly path: string;
  readonly isHostile: boolean;
}

const digest = '/github-digest/markdown?owner=acme&name=sample&filter_starts_with=';
const stats = '/github-stats/files-by-size?owner=acme&name=sample&limit=5';
const blank = Buffer.alloc(4_500_000);
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** `folder` holds the repositories' files for as long as they are read. */
export function makeArchives(folder: string): readonly MeasuredArchive[] {
  const [small, large] = makeRepositories(folder);
  if (small === undefined || large === undefined) throw new Error('no repositories');
  // Each file is compressed on its own, so the same files take more than 50 MB.
  const zip = zipOf(large.list.filter(({ path }) => !/^images\/1[01]/.test(path)));
  return [
    honest('sizes of a 50 MB tar', 'tar', large.archive, stats),
    honest('sizes of a 50 MB zip', 'zip', zip, stats),
    honest('digest of a 10 MB tar', 'tar', small.archive, digest),
    honest('digest of a 50 MB tar', 'tar', large.archive, digest),
    honest('digest of a 50 MB zip', 'zip', zip, digest),
    hostile('tar: a bomb of 190 MB', 'tar', archiveOf(times(42, i => ({ path: `z${i}`, content: blank })))),
    hostile('tar: 100,000 entries', 'tar', archiveOf(times(100_000, i => ({ path: `f${i}` })))),
    hostile('tar: links out of it', 'tar', archiveOf([...times(500, linkOut), { path: '../../etc/passwd' }])),
    hostile('zip: a bomb of 190 MB', 'zip', zipOf(times(42, i => ({ path: `z${i}`, content: blank })))),
    hostile(
      'zip: 65,000 entries',
      'zip',
      makeZip({ entries: times(65_000, i => ({ name: `top/f${i}`, data: '' })) }),
    ),
    hostile('zip: 1,000 overlapping entries', 'zip', overlapping(1000)),
  ];
}

function honest(name: string, kind: 'tar' | 'zip', archive: Buffer, path: string): MeasuredArchive {
  return { name, kind, archive, path, isHostile: false };
}

function hostile(name: string, kind: 'tar' | 'zip', archive: Buffer): MeasuredArchive {
  return { name, kind, archive, path: digest, isHostile: true };
}

function zipOf(files: readonly File[]): Buffer {
  return makeZip({
    entries: files.map(({ path, content }): EntrySpec => ({ name: `top/${path}`, data: content })),
  });
}

function linkOut(index: number) {
  return { path: `link${index}`, type: '2', link: '/etc/passwd' };
}

function overlapping(count: number): Buffer {
  const again = (i: number): EntrySpec => ({
    name: `top/f${i}`,
    data: blank,
    hidden: 'from-data',
    central: { offset: 0 },
  });
  return makeZip({ entries: [{ name: 'top/f', data: blank }, ...times(count, again)] });
}
