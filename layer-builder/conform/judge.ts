/** Judges one run of a loader: what it said, what it left on the disk, how long it took. One sentence a problem. */
import * as fs from 'node:fs';
import path from 'node:path';
import { digestOf } from '../../artifact/digest.ts';
import type { Trial } from './types.ts';
import type { Sample, World } from './world.ts';
import { canaries } from './world.ts';

/** Time for starting and ending a process, on top of the deadline. */
const graceMs = 3000;

/** What holds for every run: an answer, in time, no secret in it, nothing written outside of `DEPS_DIR`, no link made. */
export function judgeAlways(trial: Trial, world: World, deadlineMs: number): string[] {
  const problems: string[] = [];
  if (trial.answer === undefined)
    problems.push(`no answer on the last line (${ended(trial)}${lastWords(trial)})`);
  else if (trial.status !== (trial.answer.ok ? 0 : 1)) {
    problems.push(`exit status ${trial.answer.ok ? 0 : 1} expected, found ${ended(trial)}`);
  }
  if (trial.ms > deadlineMs + graceMs) {
    problems.push(
      `took ${Math.round(trial.ms)} ms (expected at most ${deadlineMs} and ${graceMs} for the process)`,
    );
  }
  if (canaries.some(canary => trial.output.includes(canary))) problems.push('prints a secret');
  return [...problems, ...judgeDisk(world)];
}

/** The loader says that all is well: then the files must be the artifact's, byte by byte, and nothing besides. */
export function judgeSuccess(trial: Trial, sample: Sample): string[] {
  if (trial.answer === undefined) return [];
  if (!trial.answer.ok)
    return [`success expected, found ${trial.answer.error?.code ?? 'a failure without a code'}`];
  const root = trial.answer.artifacts?.find(({ name }) => name === 'core')?.root;
  if (root === undefined || !path.isAbsolute(root)) return ['no root of the artifact "core" in the answer'];
  const found = new Map(
    filesBelow(root).map(name => [name, digestOf(fs.readFileSync(path.join(root, name)))]),
  );
  const problems: string[] = [];
  for (const { path: name, sha256 } of sample.files) {
    if (found.get(name) !== `sha256:${sha256}`)
      problems.push(`${name} is ${found.has(name) ? 'another file' : 'missing'}`);
    found.delete(name);
  }
  return [
    ...problems,
    ...[...found.keys()].map(name => `${JSON.stringify(name)} does not belong to the artifact`),
  ];
}

/** The loader must fail, and say why by one of these codes; any `ZIP_` code when none is named. */
export function judgeFailure(trial: Trial, codes: readonly string[] | undefined): string[] {
  if (trial.answer === undefined) return [];
  if (trial.answer.ok) return [`failure expected (${codes?.join(' or ') ?? 'ZIP_…'}), found success`];
  const code = String(trial.answer.error?.code);
  const isRight = codes === undefined ? code.startsWith('ZIP_') : codes.includes(code);
  return isRight
    ? []
    : [`code ${codes?.join(' or ') ?? 'ZIP_…'} expected, found ${JSON.stringify(code.slice(0, 60))}`];
}

/** Files that a run must not make: anything outside of `DEPS_DIR`, and links anywhere. */
function judgeDisk(world: World): string[] {
  const problems: string[] = [];
  const inside = path.relative(world.folder, world.dir);
  const known = new Set(['deps.lock.json', 'a', 'a/b', 'a/b/c', 'home', 'tmp', 'cwd', inside]);
  for (const entry of fs.readdirSync(world.folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(world.folder, path.join(entry.parentPath, entry.name));
    const isOurs = known.has(name) || name.startsWith(`${inside}/`) || name.startsWith('tmp/');
    if (!isOurs) problems.push(`writes outside of DEPS_DIR: ${JSON.stringify(name)}`);
    else if (entry.isSymbolicLink() && name !== inside)
      problems.push(`makes a link: ${JSON.stringify(name)}`);
  }
  return problems;
}

function filesBelow(root: string): string[] {
  if (!fs.existsSync(root)) return [];
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => path.relative(root, path.join(entry.parentPath, entry.name)));
}

/** The last thing it printed, for whoever has to find out why; never a secret, never an escape sequence. */
function lastWords({ output }: Trial): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  if (line === '' || canaries.some(canary => line.includes(canary))) return '';
  return `: ${line.replace(/[^\x20-\x7e]/g, '?').slice(0, 120)}`;
}

function ended({ status, signal }: Trial): string {
  return signal === null ? `exit status ${status}` : `killed by ${signal}`;
}
