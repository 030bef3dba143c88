/** R6: V8's compile cache that travels in an artifact: used where Node can only read it. */
import * as fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { cachePath } from '../artifact/layout.ts';

let isEnabled = false;

/**
 * Switches the compile cache of one artifact on: the first that has one for this very Node and user. Node names the
 * folder `<version>-<arch>-<V8's tag>-<uid>` and ignores others.
 *
 * Only where it cannot be written: at its exit Node adds what it compiled, and a copy in the store that has changed
 * is no copy any more. A forged cache would run as code, which is why it is part of the tree like any file.
 */
export function useCompileCache(root: string): void {
  if (isEnabled || typeof module.enableCompileCache !== 'function') return;
  const directory = path.join(root, cachePath);
  const own = ownFolder(directory);
  if (own === undefined || isWritable(directory) || isWritable(own)) return;
  // portable: modules are named by their place as seen from the cache, so both may lie anywhere
  module.enableCompileCache({ directory, portable: true });
  isEnabled = true;
}

/** Takes away the right to write to the cache in a fresh copy. Folders' modes are no part of the tree. */
export function sealCompileCache(root: string): void {
  for (const folder of foldersOf(root)) fs.chmodSync(folder, 0o555);
}

function ownFolder(directory: string): string | undefined {
  const [head, tail] = [`${process.version}-${process.arch}-`, `-${process.getuid?.()}`];
  const name = list(directory).find(found => found.startsWith(head) && found.endsWith(tail));
  return name === undefined ? undefined : path.join(directory, name);
}

/** The cache's folder and those in it, by no link on the way: what lies at the root may be anybody's. */
function foldersOf(root: string): string[] {
  let directory = root;
  for (const part of ['', ...cachePath.split('/')]) {
    directory = path.join(directory, part);
    if (!isFolder(directory)) return [];
  }
  return [directory, ...list(directory).map(name => path.join(directory, name))].filter(isFolder);
}

function isFolder(name: string): boolean {
  try {
    return fs.lstatSync(name).isDirectory();
  } catch {
    return false;
  }
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function isWritable(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
