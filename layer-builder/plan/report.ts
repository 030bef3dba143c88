/** Pure: a plan in figures, against every limit that it can run into. */
import type { Digest } from '../../artifact/digest.ts';
import type { Architecture, Load, Runtime } from '../../artifact/lock.ts';
import type { ProjectFacts } from '../read/project.ts';
import type { PackageForm } from '../types.ts';
import type { BuildPlan } from './build.ts';
import { directUploadLimit, environmentLimit, initLimitMs, layersLimit, unpackedLimit } from './limits.ts';

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
  readonly roots: readonly string[];
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: number;
  readonly digest: Digest;
  readonly packages: readonly PlanPackage[];
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
}

export interface PlanReport {
  readonly service: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly artifacts: readonly PlanArtifact[];
  readonly limits: readonly Limit[];
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
}

/** Of no bytes: an artifact that was planned and not made. */
const emptyDigest: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** From this share of a limit on, a plan warns. */
const nearPercent = 80;

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
      roots: artifact.roots,
      size: weighed?.zip.length ?? 0,
      unpackedSize: weighed?.unpackedSize ?? 0,
      files: weighed?.files.length ?? 0,
      digest: weighed?.digest ?? emptyDigest,
      packages,
      imports: weighed?.imports ?? [],
    };
  });
  const limits = limitsOf(artifacts, appBytes, facts);
  const warnings = limits
    .filter(limit => limit.state !== 'ok')
    .map(limit => `${limit.name}: ${limit.percent} % of the limit`);
  return { service, runtime, architecture, artifacts, limits, warnings };
}

function limitsOf(artifacts: readonly PlanArtifact[], appBytes: number, facts: ProjectFacts): Limit[] {
  const sum = (pick: (artifact: PlanArtifact) => number) =>
    artifacts.reduce((total, artifact) => total + pick(artifact), 0);
  const { environment, tmp } = facts.config.function;
  const variables = Object.entries(environment).reduce(
    (total, [name, value]) => total + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  return [
    limit('layers of the function', artifacts.length, layersLimit, 'layers'),
    limit('unpacked, function and all layers', sum(item => item.unpackedSize) + appBytes, unpackedLimit),
    limit('init phase, import of the eager packages', importMs(artifacts), initLimitMs, 'ms'),
    ...artifacts.map(item => limit(`${item.name} zipped, direct upload`, item.size, directUploadLimit)),
    // The S3 path holds the zip in memory and only the files on disk.
    limit(
      '/tmp on the S3 path',
      sum(item => item.unpackedSize),
      tmp * 1024 * 1024,
    ),
    limit('environment variables', variables, environmentLimit),
  ];
}

/** On this machine; Lambda gives the init phase about one vCPU. */
function importMs(artifacts: readonly PlanArtifact[]): number {
  const eager = artifacts.filter(artifact => artifact.load === 'eager').flatMap(artifact => artifact.imports);
  return Math.round(eager.reduce((sum, item) => sum + item.ms, 0));
}

function limit(name: string, used: number, most: number, unit: Limit['unit'] = 'bytes'): Limit {
  const percent = Math.round((used / most) * 1000) / 10;
  const state = used > most ? 'over' : percent >= nearPercent ? 'near' : 'ok';
  return { name, used, limit: most, unit, percent, state };
}

function askers(locations: readonly string[]): string[] {
  return [...new Set(locations.map(location => location.split('node_modules/').pop() || 'app'))].sort();
}
