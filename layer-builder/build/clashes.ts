/** Pure: where artifacts would spoil each other as layers, which Lambda lays over one another in one folder. */
import { modulesPath } from '../../artifact/layout.ts';
import type { MadeArtifact } from './artifact.ts';
import type { ArtifactFile } from './file.ts';

/**
 * Locations of packages of which two artifacts have different files at one path, and why they must stay as they are: the
 * last layer's would be there for both, e.g. the package.json of a bundled package, which knows of its own entries alone.
 */
export function clashesOf(
  made: readonly Pick<MadeArtifact, 'name' | 'files'>[],
): ReadonlyMap<string, string> {
  const clashes = new Map<string, string>();
  const first = new Map<string, { readonly file: ArtifactFile; readonly name: string }>();
  for (const { name, files } of made) {
    for (const file of files) {
      const before = first.get(file.path);
      if (before === undefined) first.set(file.path, { file, name });
      else if (before.file.sha256 !== file.sha256) {
        const location = packageAt(file.path);
        if (location !== undefined)
          clashes.set(location, `it is in the layers of ${before.name} and ${name}`);
      }
    }
  }
  return clashes;
}

const packagePath = new RegExp(
  String.raw`^${modulesPath.replace(/node_modules$/, '')}((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/.][^/]*)\/`,
);

function packageAt(path: string): string | undefined {
  return packagePath.exec(path)?.[1];
}
