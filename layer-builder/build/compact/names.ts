/** Names of packages and files as the artifact sees them. */
import { readFileSync } from 'node:fs';
import { posix, relative, sep } from 'node:path';
import { sha256Hex } from '../../../artifact/digest.ts';

/** Location of the package that a file belongs to, e.g. `node_modules/koa`. */
export function locationOf(folder: string, file: string): string | undefined {
  const path = relative(folder, file).split(sep).join('/');
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

/** Two files of one name must not meet, and the name must not change with the place of the install. */
export function dataName(file: string): string {
  return `${stem(file)}-${sha256Hex(readFileSync(file)).slice(0, 8)}.json`;
}

export function stem(file: string): string {
  return posix
    .basename(file)
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]/g, '_');
}
