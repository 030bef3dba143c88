/** Lets the project's own package manager install its lockfile, in a folder of its own, once per content. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { npmEnvironment } from '../../build/npm.ts';
import { BuilderError } from '../../errors.ts';
import type { Machine } from '../../plan/reach.ts';
import type { LockEntry } from '../lockfile.ts';
import type { LockfilePlace } from '../lockfile-place.ts';
import type { ClientRules, ForeignClient } from './clients.ts';
import { clientRules } from './clients.ts';
import type { ClientInputs } from './inputs.ts';
import type { LockedContent } from './integrity.ts';
import { withYarnNeeds } from './integrity.ts';
import { layInputs, laySettings } from './lay.ts';
import { clientFailure, runClient, withoutSecrets } from './run.ts';
import { yarnPathOf } from './settings.ts';
import { readTree } from './tree.ts';
import { cacheFolder, moveInPlace, sweepTrees } from './tree-cache.ts';

export interface TreeSource {
  readonly place: LockfilePlace;
  readonly client: ForeignClient;
  readonly inputs: ClientInputs;
  readonly content: ReadonlyMap<string, LockedContent>;
  /** The same inputs for the same machine are the same tree. */
  readonly key: string;
}

export interface Tree {
  /** Absolute path of what stands for the lockfile's folder. */
  readonly folder: string;
  readonly entries: ReadonlyMap<string, LockEntry>;
}

export interface TreeRun {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Told one line when something takes a while. */
  readonly progress?: ((line: string) => void) | undefined;
  /** Installs even when it was installed before. @default false */
  readonly fresh?: boolean | undefined;
}

export function treeKey(client: ForeignClient, inputs: ClientInputs, machine: Machine): string {
  const hash = createHash('sha256').update(JSON.stringify([1, client, inputs.home, machine]));
  for (const [path, { content, mode }] of [...inputs.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([path, content.length, mode & 0o100])).update(content);
  }
  hash.update(JSON.stringify([...inputs.links].sort()));
  return hash.digest('hex').slice(0, 32);
}

/**
 * Writes to the user's cache only (`$XDG_CACHE_HOME/layer-builder`, `~/.cache/layer-builder`); a failed install leaves
 * nothing there.
 *
 * Throws `CLIENT_MISSING`, `INSTALL_FAILED`, `INTEGRITY_MISMATCH`, `LOCKFILE_OUT_OF_STEP` and `LOCKFILE_INVALID`.
 */
export async function installTree(source: TreeSource, machine: Machine, run: TreeRun): Promise<Tree> {
  const cache = cacheFolder(run.env);
  const target = join(cache, source.key);
  const known = run.fresh ? undefined : readKnown(target, source.inputs.home);
  if (known) return known;
  const rules = clientRules[source.client];
  run.progress?.(`installing with ${rules.title} for ${machine.os}-${machine.cpu}`);
  const work = mkdtempSync(join(cache, `work-${process.pid}-`));
  try {
    const folder = join(work, 'tree', source.inputs.home);
    layInputs(source.inputs, folder);
    let { content } = source;
    const settings = laySettings(source, folder, machine, join(work, 'cache'));
    try {
      content = await install(source, rules, { folder, machine, cache: join(work, 'cache') }, run);
    } finally {
      for (const path of settings) rmSync(path, { force: true });
    }
    const manifests = [...source.inputs.files.keys()].filter(path => posix.basename(path) === 'package.json');
    const workspaces = manifests.map(path => posix.dirname(path)).filter(path => !path.startsWith('.'));
    const entries = readTree(folder, workspaces, content);
    for (const path of [...source.inputs.files.keys(), ...source.inputs.links.keys()]) {
      rmSync(join(folder, path), { force: true });
    }
    rmSync(join(work, 'cache'), { recursive: true, force: true });
    writeFileSync(join(work, 'entries.json'), JSON.stringify([...entries]));
    rmSync(target, { recursive: true, force: true });
    moveInPlace(work, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  sweepTrees(cache);
  const made = readKnown(target, source.inputs.home);
  if (made) return made;
  throw new BuilderError('INSTALL_FAILED', `the install in ${target} is gone`, {
    hint: 'run the command again',
  });
}

/** Answers what is known of each package, with what only the client can tell after the install. */
async function install(
  source: TreeSource,
  rules: ClientRules,
  work: { readonly folder: string; readonly machine: Machine; readonly cache: string },
  { env, signal }: TreeRun,
): Promise<TreeSource['content']> {
  const run = { cwd: work.folder, env: { ...clientEnvironment(rules, env), ...rules.env }, signal };
  const [command = '', ...before] = commandOf(source.place, rules);
  const version = await runClient(command, [...before, '--version'], run);
  const lines = version?.output.split('\n').filter(line => line.trim() !== '') ?? [];
  const found = version?.status === 0 ? lines.at(-1)?.trim() : undefined;
  if (found === undefined || !rules.versions.test(found)) {
    const says =
      found ?? withoutSecrets(lines.find(line => /error/i.test(line)) ?? lines[0] ?? 'none').trim();
    throw new BuilderError(
      'CLIENT_MISSING',
      `the project is locked by ${rules.title}, which cannot be run (expected "${rules.command}" of that version, found ${says})`,
      {
        hint: `${rules.remedy}; or run "npm install --package-lock-only" and commit package-lock.json`,
        details: { client: source.client, lockfile: source.place.path, found: says },
      },
    );
  }
  const outcome = await runClient(command, [...before, ...rules.args(work.machine, work.cache)], run);
  const more =
    outcome?.status === 0 && rules.needs
      ? await runClient(command, [...before, ...rules.needs], run, Number.POSITIVE_INFINITY)
      : outcome;
  if (more?.status === 0) return rules.needs ? withYarnNeeds(source.content, more.output) : source.content;
  throw clientFailure(more ?? { status: null, output: `${command} cannot be started` }, {
    client: rules.title,
    known: rules.known,
    noise: rules.noise,
    hint: `run "${rules.command} install" in ${source.place.folder} to see whether the registry answers`,
  });
}

/** The release of Yarn that the project brings along, else the program on the PATH. */
function commandOf(place: LockfilePlace, rules: ClientRules): string[] {
  if (rules.command !== 'yarn') return [rules.command];
  for (const name of ['.yarnrc.yml', '.yarnrc']) {
    const settings = join(place.folder, name);
    const path = existsSync(settings) ? yarnPathOf(readFileSync(settings, 'utf8')) : undefined;
    const release = path === undefined ? undefined : resolve(place.folder, path);
    if (release?.startsWith(place.folder + sep) && existsSync(release)) return [process.execPath, release];
  }
  return [rules.command];
}

/** Settings of the client in the environment would change what is installed. */
function clientEnvironment(rules: ClientRules, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(npmEnvironment(env));
  return Object.fromEntries(
    entries.filter(
      ([name]) => !/^(YARN|PNPM)_/i.test(name) || rules.transport.test(name) || name === 'PNPM_HOME',
    ),
  );
}

function readKnown(target: string, home: string): Tree | undefined {
  try {
    const entries = JSON.parse(readFileSync(join(target, 'entries.json'), 'utf8')) as [string, LockEntry][];
    utimesSync(target, new Date(), new Date());
    return { folder: join(target, 'tree', home), entries: new Map(entries) };
  } catch {
    return undefined;
  }
}
