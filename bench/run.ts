/** `npm run bench` runs every benchmark, `npm run bench -- NAME …` the named ones. By hand or by CI, never inside tests. */

import { ProgramMissing } from './support/programs.ts';
import { updateReadme } from './support/readme.ts';
import type { Bench } from './support/result.ts';
import { keepResult } from './support/result.ts';

const known = [
  ...['cold-start', 'cold-start-heavy', 'cold-start-reference', 'growth', 'routes'],
  ...['unpack', 'edge', 'build', 'publish', 'download', 'digest', 'digest-memory'],
];

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`unknown benchmark ${unknown.join(', ')} (expected ${known.join(', ')})\n`);
  process.exit(2);
}
// what a benchmark leaves behind is removed at the exit
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
for (const name of asked.length > 0 ? asked : known) {
  const { bench }: { bench: Bench } = await import(new URL(`./${name}.ts`, import.meta.url).href);
  const say = (line: string) => process.stderr.write(`${name}: ${line}\n`);
  try {
    process.stdout.write(`${keepResult(await bench.run(say))}\n`);
    updateReadme();
  } catch (error) {
    // the others can still be run
    if (!(error instanceof ProgramMissing)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
