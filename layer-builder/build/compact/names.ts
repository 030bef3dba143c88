/** Names of packages and files as the artifact sees them. */
import { posix, relative, sep } from 'node:path';
import { sha256Hex } from '../../../artifact/digest.ts';

/** Location of the package that a file belongs to, e.g. `node_modules/koa`. */
export function locationOf(folder: string, file: string): string | undefined {
  const path = relative(folder, file).split(sep).join('/');
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

/** Where CommonJS modules lie that every start runs: a script, and not a module (print.ts). */
export function startPath(artifact: string): string {
  return `.chunks/${artifact}-start.js`;
}

export function isStart(path: string): boolean {
  return /\/\.chunks\/[^/]+-start\.js$/.test(path);
}

/** Where CommonJS modules lie that do not run when the packages are loaded. */
export function latePath(artifact: string, index: number): string {
  return `.chunks/${artifact}-late-${index}.cjs`;
}

export function isLate(path: string): boolean {
  return /\/\.chunks\/[^/]+-late-\d+\.cjs$/.test(path);
}

/**
 * Where JSON lies that stays a file. Two files are two objects, even of one name and content, and the path must not change
 * with the place of the install.
 */
export function dataPath(artifact: string, folder: string, file: string): string {
  const own = relative(folder, file).split(sep).join('/');
  return `.chunks/${artifact}-${stem(file)}-${sha256Hex(Buffer.from(own)).slice(0, 8)}.json`;
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

export function stem(file: string): string {
  return posix
    .basename(file)
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]/g, '_');
}

/**
 * JSON as a JavaScript expression of the same value. Code is ASCII alone: V8 keeps a source with any character beyond
 * Latin-1 as two bytes each, and one with any beyond ASCII takes the slow way out of UTF-8.
 */
export function asciiOf(json: string): string {
  return json.replace(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
