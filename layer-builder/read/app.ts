/** Finds the file with which the app's own code begins. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { Config, Manifest } from '../types.ts';

const kinds = ['ts', 'mts', 'js', 'mjs', 'cjs'];
const conventional = [
  ...['src/app', 'app'],
  ...['src/handler', 'handler', 'src/index', 'index', 'src/server', 'server'],
].flatMap(base => kinds.map(kind => `${base}.${kind}`));

/**
 * The configured `app`, else package.json's `main` after `src/app` and `app`, else a conventional name.
 * Throws `APP_NOT_FOUND`.
 */
export function findApp(project: string, config: Config, manifest: Manifest): string {
  if (config.app !== undefined) {
    const path = resolve(project, config.app);
    if (!path.startsWith(resolve(project) + sep)) throw notFound(`app is outside the project: ${config.app}`);
    if (!isFile(path)) throw notFound(`app is no file (expected ${config.app}, found nothing)`);
    return path;
  }
  const candidates = [
    ...conventional.slice(0, 2 * kinds.length),
    ...(manifest.main === undefined ? [] : [manifest.main]),
    ...conventional.slice(2 * kinds.length),
  ];
  const found = candidates.map(candidate => join(project, candidate)).find(isFile);
  if (found === undefined) throw notFound(`no entry of the app found (looked for ${candidates.join(', ')})`);
  return found;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function notFound(message: string): BuilderError {
  return new BuilderError('APP_NOT_FOUND', message, {
    hint: 'name the file that exports createApp, app or handler with the configuration key "app"',
  });
}
