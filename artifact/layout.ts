/** The one module that turns an artifact's name and digest into S3 keys and paths in the zip, in /opt and in /tmp. */
import type { Digest } from './digest.ts';
import { hexOf } from './digest.ts';

/** Folder of modules inside the zip; Lambda mounts a layer at /opt, so it becomes /opt/nodejs/node_modules. */
export const modulesPath = 'nodejs/node_modules';

/** Folder of everything in the zip that is ours: marker, SBOM, licences. */
export const ownPath = 'nodejs/.layer-builder';

/** Folder of the project's own files inside the zip. Layers are merged in /opt, so each artifact has one of its own. */
export function assetsPath(name: string): string {
  return `nodejs/assets/${name}`;
}

/** Folder of V8's compile cache inside the zip; it names modules by their place as seen from here, so it moves along. */
export const cachePath = `${ownPath}/cache`;

/** Where Lambda mounts the merged layers. */
export const layerRoot = '/opt';

/** Names of artifacts: they become file names and S3 keys, so the grammar is narrow. */
export const artifactNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** Path of an artifact's marker inside the zip. The marker is the one file that the tree does not cover. */
export function markerPath(name: string): string {
  return `${ownPath}/${name}.json`;
}

/** S3 key of an artifact: decided by its digest alone, so old code keeps finding its own bytes. */
export function objectKey(digest: Digest, prefix = ''): string {
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  return `${folder}sha256/${hexOf(digest)}.zip`;
}

/** Name of an unpacked artifact's folder under `DEPS_DIR`. */
export function storeName(digest: Digest): string {
  return `sha256-${hexOf(digest)}`;
}
