/** Makes one artifact: files of its packages, SBOM, licences, marker, zip. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../artifact/digest.ts';
import { digestOf, treeOf } from '../../artifact/digest.ts';
import { markerPath, ownPath } from '../../artifact/layout.ts';
import type { Marker } from '../../artifact/lock.ts';
import { lockFormatVersion } from '../../artifact/lock.ts';
import { defaultLimits, readArchive } from '../../handler/zip/read.ts';
import type { PlannedArtifact } from '../plan/build.ts';
import { refuseTooLarge } from '../plan/limits.ts';
import type { Machine } from '../plan/reach.ts';
import type { PlanPackage } from '../plan/report.ts';
import { specifiersOf } from '../plan/roots.ts';
import type { Natives } from '../plan/warnings.ts';
import type { LockEntry } from '../read/lockfile.ts';
import type { Config } from '../types.ts';
import { readAssets } from './assets.ts';
import type { Compacted } from './compact/index.ts';
import { compactPackages } from './compact/index.ts';
import { makeCompileCache } from './compile-cache.ts';
import type { ArtifactFile } from './file.ts';
import { fileOf, readContent } from './file.ts';
import { formatLicenses } from './licenses.ts';
import { isNewer } from './native/elf.ts';
import type { TargetNode } from './node.ts';
import { canRun } from './node.ts';
import { formatProvenance } from './provenance.ts';
import { formatSbom } from './sbom.ts';
import { readPackageFiles, refuseCollisions } from './walk.ts';
import { writeZip } from './zip.ts';

/** What making an artifact needs besides the facts of the project. */
export interface MakeFacts {
  /** Absolute path of the folder that holds the installed node_modules. */
  readonly installFolder: string;
  /** A private folder that the caller removes. */
  readonly work: string;
  readonly machine: Machine;
  /** Everything that is installed, by its place. */
  readonly entries: ReadonlyMap<string, LockEntry>;
  /** Specifiers of the whole app. */
  readonly specifiers: readonly string[];
  /** Those of them that are loaded before any of its code runs. */
  readonly started: readonly string[];
  /** Locations of packages that stay as they are, and why (clashes.ts). */
  readonly kept: ReadonlyMap<string, string>;
  readonly sourceMaps: boolean;
  /** Whether a process may use the compile cache of this artifact: it takes one. */
  readonly hasCache: boolean;
  /** Makes what is too large all the same, to weigh it. */
  readonly weighs: boolean;
  readonly node: TargetNode;
  readonly signal?: AbortSignal | undefined;
}

export interface MadeArtifact {
  readonly name: string;
  readonly zip: Buffer;
  readonly digest: Digest;
  readonly tree: Digest;
  readonly unpackedSize: number;
  readonly files: readonly ArtifactFile[];
  readonly packages: readonly LockEntry[];
  readonly natives: Natives;
  readonly sbom: string;
  readonly provenance: string;
  /** By path in the zip; none unless asked for. */
  readonly maps: Compacted['maps'];
  readonly imports: readonly { readonly specifier: string; readonly ms: number }[];
  readonly report: readonly Omit<PlanPackage, 'requiredBy'>[];
  /** Bytes of the project's own files. */
  readonly assets: { readonly size: number; readonly zipped: number };
}

/**
 * Throws `BUILD_UNSAFE_FILE`, `BUILD_SECRET`, `BUILD_SOURCE_CHANGED` and, unless it only weighs, `ARTIFACT_TOO_LARGE`;
 * writes nothing.
 */
export async function makeArtifact(
  artifact: PlannedArtifact,
  facts: { readonly config: Config; readonly project: string },
  make: MakeFacts,
): Promise<MadeArtifact> {
  const { config } = facts;
  const { installFolder } = make;
  const parts = artifact.reach.packages.map(entry => {
    const { location } = entry;
    return {
      entry,
      location,
      ...readPackageFiles(join(installFolder, location), location, entry.name, config),
    };
  });
  const specifiers = specifiersOf(artifact.roots, make.specifiers);
  const hasCache = make.hasCache && canCache(config, make.node);
  const compacted = await compactPackages({
    ...make,
    artifact: artifact.name,
    parts,
    specifiers,
    entries: make.entries,
    forms: config.forms,
    makeCache: async (files, loaded) => {
      const named = loaded.filter(specifier => make.specifiers.includes(specifier));
      return hasCache ? makeCompileCache({ ...make, files, specifiers: named }) : [];
    },
  });
  // What was bundled was read again: it must be what was looked at.
  for (const { files } of parts) files.forEach(readContent);
  const packages = parts.map(part => part.entry);
  const sbom = formatSbom({
    artifact: artifact.name,
    service: config.service,
    roots: artifact.roots,
    packages,
    entries: make.entries,
    from: '',
  });
  const assets = readAssets(facts.project, artifact);
  const content = [
    ...compacted.files,
    ...assets,
    ...compacted.cache,
    fileOf(`${ownPath}/${artifact.name}.sbom.json`, sbom),
    ...(parts.length === 0
      ? []
      : [fileOf(`${ownPath}/${artifact.name}.licenses.txt`, formatLicenses(parts))]),
  ];
  const tree = treeOf(content);
  const marker: Marker = {
    formatVersion: lockFormatVersion,
    name: artifact.name,
    tree,
    runtime: config.runtime,
    architecture: config.architecture,
  };
  const files = [...content, fileOf(markerPath(artifact.name), `${JSON.stringify(marker)}\n`)];
  refuseCollisions(files);
  const unpackedSize = sizeOf(files);
  const reports = (packed: ReadonlyMap<string, number>) =>
    parts.map(part => packageReport(part, compacted, packed));
  if (!make.weighs) refuseTooLarge([{ name: artifact.name, unpackedSize, packages: reports(new Map()) }]);
  const zip = await writeZip(files);
  const unlimited = {
    ...defaultLimits,
    maxTotalBytes: Infinity,
    maxEntryBytes: Infinity,
    maxRatio: Infinity,
  };
  // What the loader would refuse at a cold start is refused here.
  const entries = readArchive(zip, make.weighs ? unlimited : defaultLimits);
  const packed = new Map(entries.map(entry => [entry.path, entry.packed]));
  const digest = digestOf(zip);
  const provenance = formatProvenance({
    artifact: artifact.name,
    digest,
    config,
    roots: artifact.roots,
    assets: artifact.assets,
    packages,
    builder: { version: ownVersion(), node: make.node.version },
  });
  return {
    name: artifact.name,
    zip,
    digest,
    tree,
    unpackedSize,
    files,
    packages,
    natives: Object.fromEntries(parts.flatMap(nativeOf)),
    sbom,
    provenance,
    maps: compacted.maps,
    imports: compacted.imports,
    report: reports(packed),
    assets: { size: sizeOf(assets), zipped: sum(assets, ({ path }) => packed.get(path) ?? 0) },
  };
}

type Part = { readonly entry: LockEntry; readonly location: string } & ReturnType<typeof readPackageFiles>;

/** The package with the newest libstdc++ that its machine code asks for, if it holds any. */
function nativeOf({ location, files }: Part): [string, string | null][] {
  const found = files.flatMap(({ native }) => (native === undefined ? [] : [native.glibcxx ?? null]));
  const newest = found.reduce(
    (most, version) => (most === null || (version !== null && isNewer(version, most)) ? version : most),
    null,
  );
  return found.length === 0 ? [] : [[location, newest]];
}

function packageReport(
  { entry, location, files, pruned }: Part,
  compacted: Compacted,
  packed: ReadonlyMap<string, number>,
): MadeArtifact['report'][number] {
  let [size, zipped, own] = [0, 0, 0];
  for (const file of compacted.files) {
    const owners = compacted.owners.get(file.path);
    const share = owners?.get(location);
    if (owners === undefined || share === undefined) continue;
    const total = [...owners.values()].reduce((sum, bytes) => sum + bytes, 0);
    size += total === 0 ? 0 : (file.size * share) / total;
    zipped += total === 0 ? 0 : ((packed.get(file.path) ?? 0) * share) / total;
    if (owners.size === 1) own += 1;
  }
  return {
    name: entry.name,
    version: entry.version,
    location,
    files: files.length,
    size: sizeOf(files),
    pruned,
    inArtifact: { files: own, size: Math.round(size), zipped: Math.round(zipped) },
    ms: compacted.times.get(location) ?? 0,
    ...(compacted.forms.get(location) ?? { form: 'whole' as const }),
  };
}

/** Another version, another machine or Node 22, whose cache cannot be moved: V8 would refuse it. */
function canCache(config: Config, node: TargetNode): boolean {
  return (
    config.compileCache && node.matches && config.runtime !== 'nodejs22.x' && canRun(config.architecture)
  );
}

function ownVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function sizeOf(files: readonly ArtifactFile[]): number {
  return sum(files, file => file.size);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
