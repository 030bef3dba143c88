/** Takes the project's own files that an artifact carries: page templates, certificates, models; never pruned or changed. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { sha256Hex } from '../../artifact/digest.ts';
import { assetsPath } from '../../artifact/layout.ts';
import { BuilderError } from '../errors.ts';
import type { ArtifactConfig } from '../types.ts';
import type { ArtifactFile } from './file.ts';
import { readRegular, refuseSecret, walk } from './walk.ts';

/**
 * The files that `assets` names, folders with all that is in them except `node_modules`, each at its place in the
 * project. Modes are kept as far as a zip of ours has them: 0644, or 0755 for what can be run.
 *
 * Throws `CONFIG_INVALID` for a path that is not in the project or names nothing, `BUILD_UNSAFE_FILE` and
 * `BUILD_SECRET` as for packages.
 */
export function readAssets(project: string, { name, assets }: ArtifactConfig): readonly ArtifactFile[] {
  const paths = assets.flatMap(path => [...filesAt(project, name, path)]);
  return [...new Set(paths)].map(path => {
    const { content, executable } = readRegular(join(project, path), path);
    refuseSecret(path, content, 'the project', 'take it out of the folder that the configuration names');
    return {
      path: `${assetsPath(name)}/${path}`,
      mode: executable ? 0o755 : 0o644,
      size: content.length,
      sha256: sha256Hex(content),
      content: join(project, path),
    };
  });
}

function* filesAt(project: string, artifact: string, given: string): Generator<string> {
  const path = posix.normalize(given).replace(/\/$/, '');
  const at = resolve(project, path);
  const real = existsSync(at) ? realpathSync(at) : undefined;
  if (real === undefined) throw invalid(artifact, given, 'found nothing there');
  if (!real.startsWith(realpathSync(project) + sep)) throw invalid(artifact, given, 'found it outside');
  if (statSync(real).isFile()) yield path;
  else for (const below of walk(at, '', real, 0)) yield `${path}/${below}`;
}

function invalid(artifact: string, path: string, found: string): BuilderError {
  return new BuilderError(
    'CONFIG_INVALID',
    `artifacts.${artifact}.assets: expected a file or folder in the project, ${found}: ${JSON.stringify(path)}`,
    { hint: 'name it as seen from the folder of package.json', details: { artifact, path } },
  );
}
