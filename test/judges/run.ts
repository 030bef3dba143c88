/**
 * Programs that are not ours judge what is ours: `npm run judges [-- NAME …]`. Prints what was judged, by whom, and what
 * was left out because the judge is not here. Exit status 1 when one of them disagrees.
 *
 * Not part of `npm test`: it installs a few hundred megabytes, from npm and pinned, below node_modules/.cache.
 */
import { cgroupV2 } from './cgroup-v2.ts';
import { commandLine } from './command-line.ts';
import { moto } from './moto.ts';
import { recipes } from './recipes.ts';
import { runtimeClient } from './runtime-client.ts';
import { swift } from './swift.ts';
import type { Judgement, Judges } from './types.ts';
import { workflows } from './workflows.ts';

const all: Readonly<Record<string, Judges>> = {
  recipes,
  workflows,
  'command-line': commandLine,
  moto,
  swift,
  'runtime-client': runtimeClient,
  'cgroup-v2': cgroupV2,
};

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !Object.hasOwn(all, name));
if (unknown.length > 0) {
  process.stderr.write(`no judge ${unknown.join(', ')} (expected ${Object.keys(all).join(', ')})\n`);
  process.exit(2);
}
const judgements: Judgement[] = [];
for (const [name, judge] of Object.entries(all)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  try {
    judgements.push(...(await judge()));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    judgements.push({ what: name, judge: 'itself', verdict: 'failed', said });
  }
}
for (const { verdict, what, judge, said = '' } of judgements) {
  process.stdout.write(`${verdict.padEnd(8)} ${what}, by ${judge}${said === '' ? '' : `: ${said}`}\n`);
}
const count = (verdict: Judgement['verdict']) => judgements.filter(one => one.verdict === verdict).length;
process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`);
process.exit(count('failed') > 0 ? 1 : 0);
