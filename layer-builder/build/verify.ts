/** Proves finished artifacts: bytes, structure, tree, entry points, and on request that they can be made again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../artifact/digest.ts';
import { markerPath, modulesPath } from '../../artifact/layout.ts';
import type { Lock, LockArtifact } from '../../artifact/lock.ts';
import { lockFileName, parseLock } from '../../artifact/lock.ts';
import { unpack } from '../../handler/unpack.ts';
import type { ZipEntry } from '../../handler/zip/read.ts';
import { contentOf, defaultLimits, readArchive } from '../../handler/zip/read.ts';
import { BuilderError } from '../errors.ts';
import { planBuild } from '../plan/build.ts';
import { specifiersOf } from '../plan/roots.ts';
import { readProject } from '../read/project.ts';
import type { BuildOptions } from '../types.ts';
import { builtArtifact } from './cache.ts';
import { probePackages } from './compact/probe.ts';
import { makeArtifacts } from './make.ts';
import type { TargetNode } from './node.ts';
import { canRun, findTargetNode } from './node.ts';
import { buildPlaces } from './places.ts';

export interface VerifiedArtifact {
  readonly name: string;
  readonly digest: string;
  readonly files: number;
  readonly packages: number;
  /** Specifiers that were loaded in isolation; empty when this machine cannot run the target's code. */
  readonly loaded: readonly string[];
  readonly rebuilt: boolean;
}

export interface VerifyResult {
  readonly artifacts: readonly VerifiedArtifact[];
  readonly node: string;
  readonly warnings: readonly string[];
}

/**
 * Throws `BUILD_NOT_FOUND` without a build, `VERIFY_FAILED` with artifact, file and reason, and `ZIP_*` when the
 * archive breaks a rule of the loader. Nothing in the project is written.
 */
export async function verifyProject(
  project: string,
  options: BuildOptions & { readonly rebuild?: boolean } = {},
): Promise<VerifyResult> {
  const { progress = () => {} } = options;
  const facts = await readProject(project, options);
  const plan = planBuild(facts);
  const places = buildPlaces(facts.project);
  const lock = readLock(places.lock);
  const node = findTargetNode(lock.runtime, facts.project);
  const work = mkdtempSync(join(tmpdir(), 'layer-builder-verify-'));
  try {
    const zips = new Map<string, Buffer>();
    const artifacts: VerifiedArtifact[] = [];
    for (const artifact of lock.artifacts) {
      progress(`verifying ${artifact.name}`);
      const zip = readZip(builtArtifact(places, artifact).path, artifact);
      zips.set(artifact.name, zip);
      const roots = plan.artifacts.find(({ name }) => name === artifact.name)?.roots ?? [];
      const specifiers = specifiersOf(roots, plan.specifiers);
      const loaded = await verifyArtifact({ zip, artifact, lock, specifiers, node, work, options });
      artifacts.push({
        name: artifact.name,
        digest: artifact.digest,
        files: artifact.files,
        packages: artifact.packages.length,
        loaded,
        rebuilt: false,
      });
    }
    const warnings = node.matches
      ? []
      : [`loaded with Node ${node.version}, which is not that of ${lock.runtime}`];
    if (!options.rebuild) return { artifacts, node: node.version, warnings };
    const temporary = join(work, 'rebuild');
    mkdirSync(temporary);
    const fresh = { ...options, force: true };
    const made = await makeArtifacts(facts, plan, { installs: join(work, 'installs'), temporary }, fresh);
    for (const item of made) compareZips(item.name, zips.get(item.name) ?? Buffer.alloc(0), item.zip);
    return { artifacts: artifacts.map(item => ({ ...item, rebuilt: true })), node: node.version, warnings };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Check {
  readonly zip: Buffer;
  readonly artifact: LockArtifact;
  readonly lock: Lock;
  readonly specifiers: readonly string[];
  readonly node: TargetNode;
  readonly work: string;
  readonly options: BuildOptions;
}

async function verifyArtifact(check: Check): Promise<readonly string[]> {
  const { zip, artifact, lock, specifiers, node, work, options } = check;
  const { name } = artifact;
  const digest = digestOf(zip);
  if (digest !== artifact.digest) throw failed(name, 'the zip', artifact.digest, digest);
  const marker = markerPath(name);
  const folder = join(work, name);
  const { tree } = unpack(zip, folder, {}, { files: artifact.files, bytes: artifact.unpackedSize, marker });
  if (tree !== artifact.tree) throw failed(name, 'the tree', artifact.tree, tree);
  const said: unknown = JSON.parse(readFileSync(join(folder, marker), 'utf8'));
  const expected = { formatVersion: 1, name, tree, runtime: lock.runtime, architecture: lock.architecture };
  if (JSON.stringify(said) !== JSON.stringify(expected)) {
    throw failed(name, marker, JSON.stringify(expected), JSON.stringify(said));
  }
  if (!canRun(lock.architecture)) return [];
  const root = join(folder, modulesPath, '..');
  const probe = await probePackages({ root, specifiers, files: [] }, work, { node, signal: options.signal });
  if (!probe)
    throw failed(name, 'loading its packages', 'a process that ends by itself', 'one that crashed or hung');
  for (const specifier of specifiers) {
    const ways = probe.specifiers[specifier];
    if (ways?.import.shape !== undefined || ways?.require.shape !== undefined) continue;
    throw failed(name, `import of ${specifier}`, 'its exports', ways?.import.error ?? 'nothing');
  }
  return specifiers;
}

/** Names the first file that differs, and in it the first byte. */
function compareZips(name: string, before: Buffer, after: Buffer): void {
  if (before.equals(after)) return;
  const [old, fresh] = [before, after].map(zip =>
    readArchive(zip, defaultLimits).filter(entry => entry.kind === 'file'),
  );
  const compare = (entry: ZipEntry) => {
    const other = fresh?.find(candidate => candidate.path === entry.path);
    if (!other) throw failed(name, entry.path, 'the file', 'no such file in the new build');
    const [a, b] = [contentOf(before, entry), contentOf(after, other)];
    if (a.equals(b)) return;
    const at = a.findIndex((byte, index) => byte !== b[index]);
    const place = at < 0 ? a.length : at;
    throw failed(name, `${entry.path}, byte ${place}`, byteAt(a, place), byteAt(b, place));
  };
  // The marker holds the tree of all others, so it differs whenever one of them does: it is looked at last.
  const isMarker = ({ path }: ZipEntry) => path === markerPath(name);
  old?.filter(entry => !isMarker(entry)).forEach(compare);
  const known = new Set(old?.map(entry => entry.path));
  const added = fresh?.find(entry => !known.has(entry.path));
  if (added) throw failed(name, added.path, 'no such file', 'a file in the new build');
  old?.filter(isMarker).forEach(compare);
  const at = before.findIndex((byte, index) => byte !== after[index]);
  throw failed(name, `the zip itself, byte ${at}`, byteAt(before, at), byteAt(after, at));
}

function byteAt(bytes: Buffer, index: number): string {
  const byte = bytes[index];
  return byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`;
}

function readLock(path: string): Lock {
  try {
    return parseLock(readFileSync(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw notBuilt(`there is no ${lockFileName} in the project`);
  }
}

function readZip(path: string, artifact: LockArtifact): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw notBuilt(`the artifact ${artifact.name} of the lock is not in .layer-builder/artifacts`);
  }
}

function notBuilt(message: string): BuilderError {
  return new BuilderError('BUILD_NOT_FOUND', message, { hint: 'run "layer-builder build" first' });
}

function failed(artifact: string, what: string, expected: string, found: string): BuilderError {
  return new BuilderError(
    'VERIFY_FAILED',
    `artifact ${artifact}: ${what} is not as it should be (expected ${expected}, found ${found})`,
    {
      hint: 'run "layer-builder build --force" and publish the new artifact; find out what changed the old one',
      details: { artifact, what, expected, found },
    },
  );
}
