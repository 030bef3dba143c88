/** Artifacts for tests, made by the builder's own writer: a zip, its entry in the lock, the lock around it. */
import path from 'node:path';
import { digestOf, treeOf } from '../../artifact/digest.ts';
import { markerPath, modulesPath, objectKey } from '../../artifact/layout.ts';
import type { Architecture, Lock, LockArtifact, Runtime } from '../../artifact/lock.ts';
import type { ArtifactFile } from '../../layer-builder/build/file.ts';
import { fileOf } from '../../layer-builder/build/file.ts';
import { writeZip } from '../../layer-builder/build/zip.ts';

export interface MadeArtifact {
  readonly zip: Buffer;
  readonly artifact: LockArtifact;
  /** Everything in the zip, the marker included. */
  readonly files: readonly ArtifactFile[];
}

export interface ArtifactOptions {
  readonly name?: string;
  readonly load?: 'eager' | 'lazy';
  readonly runtime?: Runtime;
  readonly versionId?: string;
  /** The marker's text instead of the right one. */
  readonly marker?: string;
}

export const hereRuntime: Runtime = process.version.startsWith('v22.') ? 'nodejs22.x' : 'nodejs24.x';
export const hereArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
export const region = 'us-east-1';
export const bucket = 'artifacts';

/** `files` are paths as seen from `node_modules` and their content. */
export async function makeArtifact(
  files: Readonly<Record<string, string | Buffer>>,
  options: ArtifactOptions = {},
): Promise<MadeArtifact> {
  const { name = 'core', load = 'eager', runtime = hereRuntime, versionId } = options;
  const content = Object.entries(files).map(([name, text]) => fileOf(path.join(modulesPath, name), text));
  const tree = treeOf(content);
  const marker = { formatVersion: 1, name, tree, runtime, architecture: hereArchitecture };
  const all = [...content, fileOf(markerPath(name), options.marker ?? `${JSON.stringify(marker)}\n`)];
  const zip = await writeZip(all);
  const digest = digestOf(zip);
  const artifact: LockArtifact = {
    name,
    load,
    digest,
    tree,
    size: zip.length,
    unpackedSize: all.reduce((sum, { size }) => sum + size, 0),
    files: all.length,
    packages: [],
    s3: { key: objectKey(digest) },
    published: { [region]: versionId === undefined ? { bucket } : { bucket, versionId } },
  };
  return { zip, artifact, files: all };
}

export function lockOf(artifacts: readonly LockArtifact[], runtime: Runtime = hereRuntime): Lock {
  return { formatVersion: 1, service: 'test', runtime, architecture: hereArchitecture, artifacts };
}

/** A small package of two modules, both systems. */
export const smallPackage: Readonly<Record<string, string>> = {
  'small/package.json':
    '{"name":"small","version":"1.0.0","exports":{"import":"./index.mjs","require":"./index.cjs"}}',
  'small/index.mjs': 'export default "small as a module";\n',
  'small/index.cjs': 'module.exports = "small as CommonJS";\n',
};
