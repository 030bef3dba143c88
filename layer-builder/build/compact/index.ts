/** Chooses a form for every package of an artifact, and proves the choice by loading it. */
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { modulesPath } from '../../../artifact/layout.ts';
import type { Machine } from '../../plan/reach.ts';
import { planReach } from '../../plan/reach.ts';
import { packageOf } from '../../read/bundle.ts';
import type { LockEntry } from '../../read/lockfile.ts';
import type { PackageForm } from '../../types.ts';
import type { ArtifactFile } from '../file.ts';
import type { TargetNode } from '../node.ts';
import type { Assembled } from './assemble.ts';
import { assembleFiles } from './assemble.ts';
import { bundlePackages } from './bundle.ts';
import type { ModuleMemory } from './commonjs.ts';
import { entriesOf, readNames } from './entries.ts';
import type { HazardMemory } from './hazards.ts';
import type { ImportTime } from './judge.ts';
import { blameAll, compareProbes, importsOf, ways } from './judge.ts';
import type { Probe } from './probe.ts';
import { probePackages } from './probe.ts';
import { stageFiles } from './stage.ts';
import { tracePackages } from './trace.ts';

export interface PackagePart {
  readonly entry: LockEntry;
  readonly location: string;
  readonly files: readonly ArtifactFile[];
}

export interface CompactInput {
  readonly artifact: string;
  /** Absolute path of the folder that holds the installed node_modules. */
  readonly installFolder: string;
  /** A private folder that the caller removes. */
  readonly work: string;
  readonly parts: readonly PackagePart[];
  /** What must be loadable by name, e.g. `koa`, `date-fns/format`. */
  readonly specifiers: readonly string[];
  /** Those that every start of the app loads. */
  readonly started: readonly string[];
  readonly entries: ReadonlyMap<string, LockEntry>;
  readonly machine: Machine;
  readonly forms: Readonly<Record<string, PackageForm>>;
  /** Locations of packages that stay as they are, and why, whatever is asked for. */
  readonly kept: ReadonlyMap<string, string>;
  readonly sourceMaps: boolean;
  readonly node: TargetNode;
  readonly signal?: AbortSignal | undefined;
  /** Makes the compile cache of these files, which are imported by these names; it is made while they are proved. */
  makeCache(files: readonly ArtifactFile[], specifiers: readonly string[]): Promise<readonly ArtifactFile[]>;
}

export interface ChosenForm {
  readonly form: PackageForm;
  /** Why it is not compacted, and when it is whole, why not traced. */
  readonly reason?: string;
}

export interface Compacted extends Assembled {
  /** By location. */
  readonly forms: ReadonlyMap<string, ChosenForm>;
  /** The compile cache of the files. */
  readonly cache: readonly ArtifactFile[];
  /** Milliseconds of each import, one after the other, as they are in the artifact. */
  readonly imports: readonly ImportTime[];
  /** Location → milliseconds in its own modules, as installed. */
  readonly times: ReadonlyMap<string, number>;
}

/** Each round takes at least one package out of the bundle, and most end after the first. */
const rounds = 40;

/** Why packages are not compacted, and why not traced either, by location. */
interface Reasons {
  readonly raw: Map<string, string>;
  readonly whole: Map<string, string>;
}

/**
 * Bundles what can be bundled, keeps of the rest the files that can be reached, and all files where that cannot be
 * told. It counts only when a child process under Lambda's flags finds the same names, kinds, arities and constants
 * as in the installed packages, by `import` and by `require`; otherwise the package at fault, and all it needs,
 * falls back to the next form, with the reason.
 */
export async function compactPackages(input: CompactInput): Promise<Compacted> {
  const folder = realpathSync(input.installFolder);
  const reasons: Reasons = { raw: new Map(), whole: new Map() };
  /** True when something changed. What was bundled falls back to being traced, what was traced to being whole. */
  const fallBack = (location: string, reason: string, wasRaw = false) => {
    const into = wasRaw ? reasons.whole : reasons.raw;
    const isNew = !into.has(location);
    if (isNew) into.set(location, reason);
    for (const other of closureOf(location, input)) {
      if (!into.has(other)) into.set(other, `${location} needs it and stays as it is`);
    }
    return isNew;
  };
  for (const { location } of input.parts) {
    const reason = input.kept.get(location);
    if (reason !== undefined) fallBack(location, reason);
  }
  for (const part of input.parts) {
    const asked = input.forms[part.entry.name];
    const isNative = part.files.some(file => file.native || /\.(wasm|dylib)$/.test(file.path));
    if (asked === 'compacted' || (asked === undefined && !isNative)) continue;
    const reason = asked === undefined ? 'it holds native code' : 'the configuration asks for it';
    if (!reasons.raw.has(part.location)) fallBack(part.location, reason);
    if (asked !== 'traced') reasons.whole.set(part.location, reason);
  }
  const locationOfRoot = (specifier: string) => `node_modules/${packageOf(specifier)}`;
  const wanted = input.specifiers.filter(specifier => !reasons.whole.has(locationOfRoot(specifier)));
  const original = await probePackages({ root: folder, specifiers: wanted, files: [] }, input.work, input);
  if (!original)
    return whole(input, 'a package ended or blocked the process that loaded it', reasons, undefined);
  for (const specifier of wanted) {
    // Node imports as JSON what is a file of JSON; package.json stays one in every form.
    const isData = ways(original, specifier).some(({ file }) => file?.endsWith('.json'));
    if (isData && specifier !== `${packageOf(specifier)}/package.json`)
      fallBack(locationOfRoot(specifier), `the app asks for its data (${specifier})`);
    const loaded = original.specifiers[specifier];
    if (loaded?.import.shape !== undefined || loaded?.require.shape !== undefined) continue;
    const reason = `it does not load by itself (${loaded?.import.error})`;
    fallBack(locationOfRoot(specifier), reason);
    reasons.whole.set(locationOfRoot(specifier), reason);
  }
  const modules: ModuleMemory = new Map();
  const looked: HazardMemory = new Map();
  for (let round = 0; round < rounds; round++) {
    input.signal?.throwIfAborted();
    const before = new Set(reasons.raw.keys());
    const verdict = await tryForms({ input, folder, wanted, original, reasons, modules, looked });
    if (verdict.kind === 'proved') {
      const forms = formsOf(input, reasons);
      const { assembled, cache, imports } = verdict;
      return { ...assembled, cache, forms, imports, times: timesOf(original) };
    }
    const news = [...verdict.faults].map(([location, reason]) =>
      fallBack(location, reason, before.has(location)),
    );
    if (!news.includes(true)) break;
  }
  return whole(input, 'nothing of it could be bundled', reasons, original);
}

interface Attempt {
  readonly input: CompactInput;
  readonly folder: string;
  /** Everything that was loaded from the install: the same is loaded again, whatever its form. */
  readonly wanted: readonly string[];
  readonly original: Probe;
  readonly reasons: Reasons;
  readonly modules: ModuleMemory;
  readonly looked: HazardMemory;
}

type Verdict =
  | ({ readonly kind: 'proved'; readonly assembled: Assembled } & Pick<Compacted, 'cache' | 'imports'>)
  | { readonly kind: 'faulty'; readonly faults: ReadonlyMap<string, string> };

async function tryForms(attempt: Attempt): Promise<Verdict> {
  const { input, folder, wanted, original, reasons, looked } = attempt;
  const specifiers = wanted.filter(specifier => !reasons.raw.has(`node_modules/${packageOf(specifier)}`));
  const entries = entriesOf(specifiers, original);
  const raw = new Set(reasons.raw.keys());
  const { artifact, sourceMaps } = input;
  const early = new Set(original.loaded);
  const started = new Set(input.started.flatMap(specifier => ways(original, specifier)[0].file ?? []));
  const bundle = await bundlePackages({ ...attempt, artifact, sourceMaps, entries, raw, early, started });
  if (bundle.hazards.size > 0) return { kind: 'faulty', faults: bundle.hazards };
  const names = await readNames(bundle.commonJs, wanted, original, { root: folder, ...input });
  if (!names) return { kind: 'faulty', faults: blameAll(specifiers, 'its modules do not load one by one') };
  const fromApp = wanted.flatMap(specifier => ways(original, specifier).flatMap(({ file }) => file ?? []));
  const kept = await tracePackages({
    folder,
    packages: input.parts.filter(part => raw.has(part.location)).map(part => rawPackage(part, input)),
    roots: [...fromApp, ...bundle.outside],
    wholes: reasons.whole,
    looked,
  });
  const assembled = assembleFiles({ bundle, names, kept, specifiers, original, folder });
  const stage = join(realpathSync(input.work), 'stage');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  stageFiles(assembled.files, stage);
  const root = join(stage, modulesPath, '..');
  const [found, cache] = await Promise.all([
    probePackages({ root, specifiers: wanted, files: [] }, input.work, input),
    input.makeCache(assembled.files, importable(wanted, original)),
  ]);
  const provable = wanted.filter(specifier => !reasons.whole.has(`node_modules/${packageOf(specifier)}`));
  const faults = found
    ? compareProbes(provable, original, found)
    : blameAll(wanted, 'it ends or blocks the process that loads it from the artifact');
  if (!found || faults.size > 0) return { kind: 'faulty', faults };
  return { kind: 'proved', assembled, cache, imports: importsOf(found) };
}

function rawPackage({ entry, location, files }: PackagePart, input: CompactInput) {
  return { location, files, needs: needsOf(entry), isAsked: input.forms[entry.name] === 'traced' };
}

function needsOf(entry: LockEntry): string[] {
  return Object.keys({ ...entry.dependencies, ...entry.peerDependencies, ...entry.optionalDependencies });
}

/** Locations of everything that a package needs: its raw files import them by name, so they stay raw too. */
function closureOf(location: string, input: CompactInput): string[] {
  const part = input.parts.find(candidate => candidate.location === location);
  if (!part) return [];
  const roots = needsOf(part.entry).map(name => ({ name, from: part.entry.location }));
  const present = new Set(input.parts.map(candidate => candidate.location));
  return planReach(input.entries, roots, input.machine)
    .packages.map(other => other.location)
    .filter(other => present.has(other));
}

function formsOf(input: CompactInput, reasons: Reasons): Map<string, ChosenForm> {
  return new Map(
    input.parts.map(({ location }): [string, ChosenForm] => {
      const [raw, kept] = [reasons.raw.get(location), reasons.whole.get(location)];
      if (raw === undefined) return [location, { form: 'compacted' }];
      if (kept === undefined) return [location, { form: 'traced', reason: raw }];
      return [location, { form: 'whole', reason: kept === raw ? raw : `${raw}; ${kept}` }];
    }),
  );
}

function importable(specifiers: readonly string[], original: Probe | undefined): string[] {
  return specifiers.filter(
    specifier => original === undefined || ways(original, specifier)[0].shape !== undefined,
  );
}

function timesOf(probe: Probe | undefined): ReadonlyMap<string, number> {
  return new Map(Object.entries(probe?.times ?? {}));
}

async function whole(
  input: CompactInput,
  reason: string,
  reasons: Reasons,
  original: Probe | undefined,
): Promise<Compacted> {
  const forms = input.parts.map(({ location }): [string, ChosenForm] => [
    location,
    { form: 'whole', reason: reasons.raw.get(location) ?? reason },
  ]);
  const imports = original === undefined ? [] : importsOf(original);
  const files = input.parts.flatMap(part => part.files);
  const owners = input.parts.map(({ location, files: own }) =>
    own.map(file => [file.path, new Map([[location, file.size]])] as const),
  );
  return {
    files,
    owners: new Map(owners.flat()),
    maps: [],
    cache: await input.makeCache(files, importable(input.specifiers, original)),
    forms: new Map(forms),
    imports,
    times: timesOf(original),
  };
}
