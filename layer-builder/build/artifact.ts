/** Makes one artifact: files of its packages, SBOM, licences, marker, zip. */
import type { Digest } from '../../artifact/digest.ts';
import { digestOf, treeOf } from '../../artifact/digest.ts';
import { markerPath, ownPath } from '../../artifact/layout.ts';
import type { Marker } from '../../artifact/lock.ts';
import { lockFormatVersion } from '../../artifact/lock.ts';
import type { PlannedArtifact } from '../plan/build.ts';
import { refuseTooLarge } from '../plan/limits.ts';
import { installLocation } from '../plan/subset.ts';
import type { LockEntry, Lockfile } from '../read/lockfile.ts';
import type { Config } from '../types.ts';
import type { ArtifactFile } from './file.ts';
import { fileOf } from './file.ts';
import { formatLicenses } from './licenses.ts';
import { formatSbom } from './sbom.ts';
import { readPackageFiles, refuseCollisions } from './walk.ts';
import { writeZip } from './zip.ts';

export interface PackageReport {
  readonly name: string;
  readonly version: string;
  readonly location: string;
  readonly files: number;
  readonly size: number;
  readonly pruned: { readonly files: number; readonly bytes: number };
}

export interface MadeArtifact {
  readonly name: string;
  readonly zip: Buffer;
  readonly digest: Digest;
  readonly tree: Digest;
  readonly unpackedSize: number;
  readonly files: readonly ArtifactFile[];
  readonly packages: readonly LockEntry[];
  readonly sbom: string;
  readonly report: readonly PackageReport[];
}

/**
 * Throws `BUILD_UNSAFE_FILE`, `BUILD_SECRET`, `BUILD_SOURCE_CHANGED` and `ARTIFACT_TOO_LARGE`; writes nothing.
 */
export async function makeArtifact(
  artifact: PlannedArtifact,
  installFolder: string,
  facts: { readonly config: Config; readonly lockfile: Lockfile },
): Promise<MadeArtifact> {
  const { config, lockfile } = facts;
  const parts = artifact.reach.packages
    .filter(entry => entry.location.includes('node_modules/'))
    .map(entry => {
      const location = installLocation(entry);
      return { entry, location, ...readPackageFiles(installFolder, location, entry.name) };
    });
  const report = parts.map(({ entry, location, files, pruned }) => ({
    name: entry.name,
    version: entry.version,
    location,
    files: files.length,
    size: sizeOf(files),
    pruned,
  }));
  const packages = parts.map(part => part.entry);
  const sbom = formatSbom({
    artifact: artifact.name,
    service: config.service,
    roots: artifact.roots,
    packages,
    entries: lockfile.entries,
    from: lockfile.projectLocation,
  });
  const content = [
    ...parts.flatMap(part => part.files),
    fileOf(`${ownPath}/${artifact.name}.sbom.json`, sbom),
    fileOf(`${ownPath}/${artifact.name}.licenses.txt`, formatLicenses(parts)),
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
  refuseTooLarge(artifact.name, sizeOf(files), report);
  const zip = await writeZip(files);
  return {
    name: artifact.name,
    zip,
    digest: digestOf(zip),
    tree,
    unpackedSize: sizeOf(files),
    files,
    packages,
    sbom,
    report,
  };
}

function sizeOf(files: readonly ArtifactFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}
