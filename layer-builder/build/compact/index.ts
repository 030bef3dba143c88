/** Chooses a form for every package of an artifact, and proves the choice by loading it. */
import { mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { modulesPath } from '../../../artifact/layout.ts';
import type { Machine } from '../../plan/reach.ts';
import { planReach } from '../../plan/reach.ts';
import { packageOf } from '../../read/bundle.ts';
import type { LockEntry } from '../../read/lockfile.ts';
import type { PackageForm } from '../../types.ts';
import type { ArtifactFile } from '../file.ts';
import { fileOf } from '../file.ts';
import type { TargetNode } from '../node.ts';
import { annotateNames } from './annotate.ts';
import type { BundleEntry, BundleResult } from './bundle.ts';
import { bundlePackages } from './bundle.ts';
import type { ImportTime } from './judge.ts';
import { blameAll, compareProbes, importsOf, ways } from './judge.ts';
import type { CompactExport } from './manifest.ts';
import { compactManifest } from './manifest.ts';
import type { Probe } from './probe.ts';
import { probePackages } from './probe.ts';
import { stageFiles } from './stage.ts';

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
  readonly entries: ReadonlyMap<string, LockEntry>;
  readonly machine: Machine;
  readonly forms: Readonly<Record<string, PackageForm>>;
  readonly node: TargetNode;
  readonly signal?: AbortSignal | undefined;
}

export interface ChosenForm {
  readonly form: PackageForm;
  /** Why it is not compacted. */
  readonly reason?: string;
}

export interface Compacted {
  readonly files: readonly ArtifactFile[];
  /** By location. */
  readonly forms: ReadonlyMap<string, ChosenForm>;
  /** Milliseconds of each import, one after the other, as they are in the artifact. */
  readonly imports: readonly ImportTime[];
}

/** Each round takes at least one package out of the bundle, and most end after the first. */
const rounds = 40;

/**
 * Bundles what can be bundled and keeps the rest as it is. The bundle counts only when a child process under
 * Lambda's flags finds the same names, kinds, arities and constants in it as in the installed packages, by
 * `import` and by `require`; otherwise the package at fault, and all it needs, stays whole, with the reason.
 */
export async function compactPackages(input: CompactInput): Promise<Compacted> {
  const folder = realpathSync(input.installFolder);
  const reasons = new Map<string, string>();
  const keepRaw = (location: string, reason: string) => {
    const first = !reasons.has(location);
    if (first) reasons.set(location, reason);
    for (const other of closureOf(location, input)) {
      if (!reasons.has(other)) reasons.set(other, `${location} needs it and stays as it is`);
    }
    return first;
  };
  for (const part of input.parts) {
    const asked = input.forms[part.entry.name];
    if (asked !== undefined && asked !== 'compacted') keepRaw(part.location, 'the configuration asks for it');
    else if (part.files.some(file => /\.(node|so(\.\d+)*|wasm|dylib)$/.test(file.path))) {
      keepRaw(part.location, 'it holds native code');
    }
  }
  const wanted = input.specifiers.filter(specifier => !reasons.has(`node_modules/${packageOf(specifier)}`));
  const original = await probePackages({ root: folder, specifiers: wanted, files: [] }, input.work, input);
  if (!original) return whole(input, 'a package ended or blocked the process that loaded it', reasons, []);
  for (const specifier of wanted) {
    const loaded = original.specifiers[specifier];
    if (loaded?.import.shape === undefined && loaded?.require.shape === undefined) {
      keepRaw(`node_modules/${packageOf(specifier)}`, `it does not load by itself (${loaded?.import.error})`);
    }
  }
  for (let round = 0; round < rounds; round++) {
    input.signal?.throwIfAborted();
    const specifiers = wanted.filter(specifier => !reasons.has(`node_modules/${packageOf(specifier)}`));
    if (specifiers.length === 0) break;
    const attempt = await tryBundle({ input, folder, wanted, specifiers, original, reasons });
    if (attempt.kind === 'proved') return { ...attempt, forms: formsOf(input, reasons) };
    const news = [...attempt.faults].map(([location, reason]) => keepRaw(location, reason));
    if (!news.includes(true)) break;
  }
  return whole(input, 'nothing of it could be bundled', reasons, importsOf(original));
}

interface Attempt {
  readonly input: CompactInput;
  readonly folder: string;
  /** Everything that was loaded from the install: the same is loaded again, whatever its form. */
  readonly wanted: readonly string[];
  /** Those of them that the bundle answers. */
  readonly specifiers: readonly string[];
  readonly original: Probe;
  readonly reasons: ReadonlyMap<string, string>;
}

type Verdict =
  | {
      readonly kind: 'proved';
      readonly files: readonly ArtifactFile[];
      readonly imports: Compacted['imports'];
    }
  | { readonly kind: 'faulty'; readonly faults: ReadonlyMap<string, string> };

async function tryBundle(attempt: Attempt): Promise<Verdict> {
  const { input, folder, wanted, specifiers, original, reasons } = attempt;
  const entries = entriesOf(specifiers, original);
  const raw = new Set(reasons.keys());
  const bundle = await bundlePackages({ folder, artifact: input.artifact, entries, raw });
  if (bundle.hazards.size > 0) return { kind: 'faulty', faults: bundle.hazards };
  const names = await probePackages(
    { root: folder, specifiers: [], files: bundle.commonJs },
    input.work,
    input,
  );
  if (!names) return { kind: 'faulty', faults: blameAll(specifiers, 'its modules do not load one by one') };
  const files = [
    ...input.parts.filter(part => raw.has(part.location)).flatMap(part => part.files),
    ...chunkFiles(bundle, names),
    ...manifestFiles(attempt, bundle),
  ];
  const stage = join(realpathSync(input.work), 'stage');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  stageFiles(files, stage);
  const root = join(stage, modulesPath, '..');
  const found = await probePackages({ root, specifiers: wanted, files: [] }, input.work, input);
  const faults = found
    ? compareProbes(specifiers, original, found)
    : blameAll(specifiers, 'the bundle ends or blocks the process that loads it');
  if (!found || faults.size > 0) return { kind: 'faulty', faults };
  return { kind: 'proved', files, imports: importsOf(found) };
}

/** One entry for each file that a specifier leads to; CommonJS packages have one for both ways of loading. */
function entriesOf(specifiers: readonly string[], original: Probe): BundleEntry[] {
  const byFile = new Map<string, string>();
  for (const specifier of specifiers) {
    const name = packageOf(specifier) ?? specifier;
    const inner = specifier.slice(name.length + 1) || 'index';
    for (const { file, shape } of ways(original, specifier)) {
      if (file !== undefined && shape !== undefined && !byFile.has(file))
        byFile.set(file, `${name}/${inner}`);
    }
  }
  return [...byFile].map(([file, name]) => ({ file, name }));
}

function chunkFiles(bundle: BundleResult, names: Probe): ArtifactFile[] {
  const fileByPlace = new Map([...bundle.places].map(([file, place]) => [place, file]));
  return bundle.chunks.map(chunk => {
    const shape = names.files[fileByPlace.get(chunk.path) ?? '']?.shape as { keys?: object } | undefined;
    return fileOf(`${modulesPath}/${chunk.path}`, annotateNames(chunk.code, Object.keys(shape?.keys ?? {})));
  });
}

function manifestFiles({ specifiers, original, folder }: Attempt, bundle: BundleResult): ArtifactFile[] {
  const byPackage = new Map<string, CompactExport[]>();
  for (const specifier of specifiers) {
    const name = packageOf(specifier) ?? specifier;
    const [byImport, byRequire] = ways(original, specifier).map(({ file, shape }) => {
      const place = shape === undefined ? undefined : bundle.places.get(file ?? '');
      return place?.slice(name.length + 1);
    });
    const subpath = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
    byPackage.set(name, [...(byPackage.get(name) ?? []), { subpath, import: byImport, require: byRequire }]);
  }
  return [...byPackage].map(([name, entries]) => {
    const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
    return fileOf(`${modulesPath}/${name}/package.json`, compactManifest(JSON.parse(text), entries));
  });
}

/** Locations of everything that a package needs: its raw files import them by name, so they stay raw too. */
function closureOf(location: string, input: CompactInput): string[] {
  const part = input.parts.find(candidate => candidate.location === location);
  if (!part) return [];
  const { entry } = part;
  const names = Object.keys({
    ...entry.dependencies,
    ...entry.peerDependencies,
    ...entry.optionalDependencies,
  });
  const roots = names.map(name => ({ name, from: entry.location }));
  const present = new Set(input.parts.map(candidate => candidate.location));
  return planReach(input.entries, roots, input.machine)
    .packages.map(other => other.location)
    .filter(other => present.has(other));
}

function formsOf(input: CompactInput, reasons: ReadonlyMap<string, string>): Map<string, ChosenForm> {
  return new Map(
    input.parts.map(({ location }): [string, ChosenForm] => {
      const reason = reasons.get(location);
      return [location, reason === undefined ? { form: 'compacted' } : { form: 'whole', reason }];
    }),
  );
}

function whole(
  input: CompactInput,
  reason: string,
  reasons: ReadonlyMap<string, string>,
  imports: Compacted['imports'],
): Compacted {
  const forms = input.parts.map(({ location }): [string, ChosenForm] => [
    location,
    { form: 'whole', reason: reasons.get(location) ?? reason },
  ]);
  return { files: input.parts.flatMap(part => part.files), forms: new Map(forms), imports };
}
