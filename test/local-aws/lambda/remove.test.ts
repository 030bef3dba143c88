/** What functions leave behind goes with their environment, whatever they did to its modes. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';

// Root removes read-only folders anyway: the process takes another user's rights once it has loaded its code.
const leaveAndRemove = `
  import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
  import { join } from 'node:path';
  const { removeTree, removeTreeSync } = await import(process.argv[1]);
  const [, , how, kept, parent] = process.argv;
  if (process.getuid?.() === 0) process.seteuid(65_534);
  const place = mkdtempSync(join(parent, 'local-aws-removed-'));
  const cache = join(place, 'cache');
  mkdirSync(join(cache, 'v24'), { recursive: true });
  writeFileSync(join(cache, 'v24', 'code'), '');
  symlinkSync(kept, join(cache, 'link'));
  for (const folder of [join(cache, 'v24'), cache]) chmodSync(folder, 0o555);
  await { removeTree, removeTreeSync }[how](place);
  console.log(place);`;

for (const how of ['removeTree', 'removeTreeSync']) {
  test(`${how}: a plain user's read-only folders go, and what links lead to stays`, t => {
    const kept = mkdtempSync(join(tmpdir(), 'local-aws-kept-'));
    const code = new URL('../../../local-aws/sandbox/remove.ts', import.meta.url).href;
    const run = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', leaveAndRemove, code, how, kept, tmpdir()],
      { encoding: 'utf8' },
    );
    t.is(run.status, 0, run.stderr);
    t.regex(run.stdout, /local-aws-removed-/);
    t.false(existsSync(run.stdout.trim()));
    t.true(existsSync(kept));
    rmSync(kept, { recursive: true });
  });
}
