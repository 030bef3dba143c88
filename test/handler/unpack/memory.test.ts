/** C8, C9 and B15: what an archive costs in memory, hostile or large. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { hostileArchives } from '../../support/zips/hostile.ts';
import { makeZip } from '../../support/zips/write.ts';
import { temporaryFolder } from './support.ts';

const limitKilobytes = 32 * 1_024;

interface Cost {
  readonly path: string;
  readonly outcome: string;
  readonly grownKilobytes: number;
}

function measure(folder: string, zips: readonly Buffer[]): readonly Cost[] {
  const paths = zips.map((zip, index) => {
    const path = join(folder, `${index}.zip`);
    fs.writeFileSync(path, zip);
    return path;
  });
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
  const args = ['--max-old-space-size=64', child, join(folder, 'into'), ...paths];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Cost[];
}

const measured = process.platform === 'linux' ? test : test.skip;
if (process.platform !== 'linux') {
  test('what archives cost in memory', t => {
    t.log('SKIPPED: the highest mark of memory is read from /proc');
    t.pass();
  });
}

measured('C8 and C9 no hostile archive makes the process grow by 32 MB', t => {
  const rows = hostileArchives.filter(
    ({ row, title }) => row === 'C8' || row === 'C9' || title.includes('63,000'),
  );
  const costs = measure(
    temporaryFolder(t),
    rows.map(({ zip }) => zip()),
  );
  for (const [index, { outcome, grownKilobytes }] of costs.entries()) {
    const { row, title, code } = rows[index] ?? { row: '', title: '', code: '' };
    t.log(`${row} ${title}: ${grownKilobytes} KiB`);
    t.is(outcome, code);
    t.true(grownKilobytes < limitKilobytes, title);
  }
});

measured('B15 unpacking takes at most 32 MB beside the archive, also for a file far larger than that', t => {
  const noise = Buffer.concat(
    Array.from({ length: 256 }, (_, index) => createHash('sha512').update(`${index}`).digest()),
  );
  const many = Array.from({ length: 300 }, (_, index) => ({
    name: `many/${index}`,
    data: noise.subarray(index),
  }));
  const large = { name: 'large', data: Buffer.alloc(48_000_000, noise) };
  const zip = makeZip({ entries: [...many, large] });
  const [warm, cost] = measure(temporaryFolder(t), [makeZip({ entries: [{ name: 'a', data: 'a' }] }), zip]);
  t.log(`${zip.length} bytes to more than ${large.data.length}: ${cost?.grownKilobytes} KiB`);
  t.deepEqual([warm?.outcome, cost?.outcome], ['accepted', 'accepted']);
  t.true((cost?.grownKilobytes ?? Number.POSITIVE_INFINITY) < limitKilobytes);
});
