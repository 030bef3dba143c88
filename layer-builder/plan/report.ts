/** Pure: a plan in figures, against every limit that it can run into. */
import type { Digest } from '../../artifact/digest.ts';
import type { Architecture, Load, Runtime } from '../../artifact/lock.ts';
import { packageOf } from '../read/bundle.ts';
import type { ProjectFacts } from '../read/project.ts';
import type { PackageForm } from '../types.ts';
import type { BuildPlan } from './build.ts';
import {
  directUploadLimit,
  environmentLimit,
  initLimitMs,
  layersLimit,
  nearPercent,
  unpackedLimit,
} from './limits.ts';
import { planReach } from './reach.ts';
import type { Split, SplitInput, SplitRoot } from './split.ts';
import { planSplit } from './split.ts';

export interface PlanPackage {
  readonly name: string;
  readonly version: string;
  readonly location: string;
  readonly files: number;
  /** Bytes as installed, without what was pruned. */
  readonly size: number;
  readonly pruned: { readonly files: number; readonly bytes: number };
  /**
   * Its part of the artifact; of a file that several packages share, what its code makes of it. `files` are those
   * that it has for itself.
   */
  readonly inArtifact: { readonly files: number; readonly size: number; readonly zipped: number };
  /** Milliseconds in its own modules on this machine, as installed. */
  readonly ms: number;
  readonly form: PackageForm;
  /** Why it is not compacted. */
  readonly reason?: string;
  /** Who asks for it: names of packages, or `app`. */
  readonly requiredBy: readonly string[];
}

export interface PlanArtifact {
  readonly name: string;
  readonly load: Load;
  /** Whether it is attached as a layer; otherwise it comes from S3 only. */
  readonly layer: boolean;
  readonly roots: readonly string[];
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: number;
  readonly digest: Digest;
  readonly packages: readonly PlanPackage[];
  /** The project's own files in it. */
  readonly assets: { readonly paths: readonly string[]; readonly size: number; readonly zipped: number };
  /** Milliseconds of each import on this machine, one after the other in one process. */
  readonly imports: readonly { readonly specifier: string; readonly ms: number }[];
}

export interface Limit {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  readonly unit: 'bytes' | 'layers' | 'ms';
  readonly percent: number;
  readonly state: 'ok' | 'near' | 'over';
  /** What it means to come near. */
  readonly note?: string;
}

export interface PlanReport {
  readonly service: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly artifacts: readonly PlanArtifact[];
  readonly limits: readonly Limit[];
  /** What should lie where so that every limit is kept. */
  readonly split: Split;
  readonly warnings: readonly string[];
}

/** An artifact as it was made in memory. */
export interface Weighed {
  readonly name: string;
  readonly zip: { readonly length: number };
  readonly unpackedSize: number;
  readonly files: readonly unknown[];
  readonly digest: Digest;
  readonly imports: PlanArtifact['imports'];
  readonly report: readonly Omit<PlanPackage, 'requiredBy'>[];
  readonly assets: { readonly size: number; readonly zipped: number };
}

/** Of no bytes: an artifact that was planned and not made. */
const emptyDigest: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function reportPlan(
  facts: ProjectFacts,
  plan: BuildPlan,
  made: readonly Weighed[],
  appBytes: number,
): PlanReport {
  const { service, runtime, architecture } = facts.config;
  const artifacts = plan.artifacts.map((artifact): PlanArtifact => {
    const weighed = made.find(item => item.name === artifact.name);
    const packages = (weighed?.report ?? [])
      .map(item => ({ ...item, requiredBy: askers(artifact.reach.requiredBy.get(item.location) ?? []) }))
      .sort((a, b) => b.size - a.size);
    return {
      name: artifact.name,
      load: artifact.load,
      layer: artifact.layer,
      roots: artifact.roots,
      size: weighed?.zip.length ?? 0,
      unpackedSize: weighed?.unpackedSize ?? 0,
      files: weighed?.files.length ?? 0,
      digest: weighed?.digest ?? emptyDigest,
      packages,
      assets: { paths: artifact.assets, ...(weighed?.assets ?? { size: 0, zipped: 0 }) },
      imports: weighed?.imports ?? [],
    };
  });
  const limits = limitsOf(artifacts, appBytes, facts);
  const warnings = limits
    .filter(limit => limit.state !== 'ok')
    .map(
      ({ name, percent, note }) =>
        `${name}: ${percent} % of the limit${note === undefined ? '' : `; ${note}`}`,
    );
  const split = planSplit(splitInput(artifacts, plan, appBytes, facts));
  return { service, runtime, architecture, artifacts, limits, split, warnings };
}

function splitInput(
  artifacts: readonly PlanArtifact[],
  plan: BuildPlan,
  appBytes: number,
  facts: ProjectFacts,
): SplitInput {
  const weights = new Map(artifacts.flatMap(weightsOf));
  const rootOf = (name: string, imports: PlanArtifact['imports']): SplitRoot => ({
    name,
    locations: planReach(plan.entries, [{ name, from: '' }], plan.machine).packages.map(
      item => item.location,
    ),
    ms: imports
      .filter(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`))
      .reduce((total, { ms }) => total + ms, 0),
    isStarted: plan.started.some(specifier => packageOf(specifier) === name),
  });
  return {
    artifacts: artifacts.map(({ name, load, layer, roots, assets, imports }) => ({
      ...{ name, load, layer, assets },
      roots: roots.map(root => rootOf(root, imports)),
    })),
    weights,
    appBytes,
    tmp: facts.config.function.tmp,
  };
}

/** What belongs to no package, compile cache, SBOM and licences, is shared among all by size. */
function weightsOf({
  packages,
  size,
  unpackedSize,
  assets,
}: PlanArtifact): [string, { size: number; zipped: number }][] {
  const sum = (pick: (item: PlanPackage) => number) =>
    packages.reduce((total, item) => total + pick(item), 0);
  const scale =
    (unpackedSize - assets.size) /
    Math.max(
      1,
      sum(item => item.inArtifact.size),
    );
  const zippedScale =
    (size - assets.zipped) /
    Math.max(
      1,
      sum(item => item.inArtifact.zipped),
    );
  return packages.map(({ location, inArtifact }) => [
    location,
    { size: Math.round(inArtifact.size * scale), zipped: Math.round(inArtifact.zipped * zippedScale) },
  ]);
}

function limitsOf(artifacts: readonly PlanArtifact[], appBytes: number, facts: ProjectFacts): Limit[] {
  const unpacked = (list: readonly PlanArtifact[]) =>
    list.reduce((total, artifact) => total + artifact.unpackedSize, 0);
  const layers = artifacts.filter(artifact => artifact.layer);
  const { environment, tmp } = facts.config.function;
  const variables = Object.entries(environment).reduce(
    (total, [name, value]) => total + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  return [
    limit('layers of the function', layers.length, layersLimit, { unit: 'layers' }),
    limit('unpacked, function and all layers', unpacked(layers) + appBytes, unpackedLimit),
    limit('init phase, import of the eager packages', importMs(artifacts), initLimitMs, { unit: 'ms' }),
    ...artifacts.map(item =>
      limit(`${item.name} zipped, direct upload`, item.size, directUploadLimit, {
        note: 'publish sends it through S3, where this limit does not hold',
      }),
    ),
    // The S3 path holds the zip in memory and only the files on disk.
    limit('/tmp on the S3 path', unpacked(artifacts), tmp * 1024 * 1024, { note: 'raise function.tmp' }),
    limit('environment variables', variables, environmentLimit),
  ];
}

/** On this machine; Lambda gives the init phase about one vCPU. */
function importMs(artifacts: readonly PlanArtifact[]): number {
  const eager = artifacts.filter(artifact => artifact.load === 'eager').flatMap(artifact => artifact.imports);
  return Math.round(eager.reduce((sum, item) => sum + item.ms, 0));
}

function limit(
  name: string,
  used: number,
  most: number,
  { unit = 'bytes', note }: { unit?: Limit['unit']; note?: string } = {},
): Limit {
  const percent = Math.round((used / most) * 1000) / 10;
  const state = used > most ? 'over' : percent >= nearPercent ? 'near' : 'ok';
  return { name, used, limit: most, unit, percent, state, ...(note === undefined ? {} : { note }) };
}

function askers(locations: readonly string[]): string[] {
  return [...new Set(locations.map(location => location.split('node_modules/').pop() || 'app'))].sort();
}
