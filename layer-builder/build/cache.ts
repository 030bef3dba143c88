/** Tells whether the last build was made from the same content, and finds it again. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, hexOf, sha256Hex, treeOf } from '../../artifact/digest.ts';
import type { Lock } from '../../artifact/lock.ts';
import { parseLock } from '../../artifact/lock.ts';
import { isRecord } from '../config/check.ts';
import type { BuildPlan } from '../plan/build.ts';
import type { Natives } from '../plan/warnings.ts';
import type { BuiltArtifact, Config } from '../types.ts';
import { readAssets } from './assets.ts';
import type { BuildPlaces } from './places.ts';

/** SHA-256 over everything that decides the bytes of a build: no date, no path, no description. */
export function buildKey(
  plan: BuildPlan,
  { config, project }: { readonly config: Config; readonly project: string },
  nodeVersion: string,
  sourceMaps = config.sourceMaps,
): string {
  const { service, runtime, architecture, prefix, forms, compileCache } = config;
  const artifacts = plan.artifacts.map(artifact => {
    const { name, load, roots } = artifact;
    return { name, load, roots, assets: treeOf(readAssets(project, artifact)) };
  });
  const inputs = [
    { service, runtime, architecture, prefix, forms, compileCache },
    artifacts,
    plan.specifiers,
    plan.started,
    plan.install,
    plan.artifacts.flatMap(artifact => artifact.reach.packages.map(entry => folderDigest(entry.folder))),
    plan.machine,
    sourceMaps,
    ownSources(),
    nodeVersion,
  ];
  return sha256Hex(JSON.stringify(inputs));
}

export interface LastBuild {
  readonly lock: Lock;
  readonly artifacts: BuiltArtifact[];
  readonly natives: Natives;
}

/** The last build when it has this key and its artifacts are all there, byte for byte. */
export function findBuild(places: BuildPlaces, key: string): LastBuild | undefined {
  const record = readRecord(places);
  if (record?.['key'] !== key || !existsSync(places.lock)) return undefined;
  try {
    const lock = parseLock(readFileSync(places.lock, 'utf8'));
    const artifacts = lock.artifacts.map(artifact => builtArtifact(places, artifact));
    const intact = artifacts.every(({ path, digest }) => digestOf(readFileSync(path)) === digest);
    return intact ? { lock, artifacts, natives: (record['natives'] ?? {}) as Natives } : undefined;
  } catch {
    return undefined;
  }
}

/** The artifact of a lock with the path of its zip, which need not exist. */
export function builtArtifact(places: BuildPlaces, artifact: Lock['artifacts'][number]): BuiltArtifact {
  const { name, load, digest, tree, size, unpackedSize, files, packages } = artifact;
  const path = join(places.artifacts, artifactFileName(name, digest));
  return { name, load, path, digest, tree, size, unpackedSize, files, packages };
}

export function artifactFileName(name: string, digest: Lock['artifacts'][number]['digest']): string {
  return `${name}-${hexOf(digest)}.zip`;
}

function readRecord(places: BuildPlaces): Readonly<Record<string, unknown>> | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(places.record, 'utf8'));
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What a `file:` folder holds; weird files are refused when it is packed, here they only count by name. */
function folderDigest(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(item => ({ item, path: join(item.parentPath, item.name) }))
    .filter(({ path }) => !path.slice(folder.length).includes('/node_modules/'));
  const lines = files.map(({ item, path }) => {
    if (!item.isFile()) return `${path.slice(folder.length)} ${item.isSymbolicLink()}`;
    return `${path.slice(folder.length)} ${statSync(path).mode} ${sha256Hex(readFileSync(path))}`;
  });
  return sha256Hex(lines.sort().join('\n'));
}

/** A changed builder makes other artifacts, so its own code is an input like any other. */
function ownSources(): string {
  const root = join(import.meta.dirname, '..');
  const files = ['build', 'plan'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => /\.[cm]?[jt]s$/.test(name))
      .map(name => join(root, folder, name)),
  );
  return sha256Hex(
    files
      .sort()
      .map(path => sha256Hex(readFileSync(path)))
      .join(),
  );
}
