/** Reads what a package manager has installed as entries of a lockfile: where each package is, and what it needs. */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isRecord } from '../../config/check.ts';
import type { LockEntry } from '../lockfile.ts';
import { entryOf } from '../lockfile.ts';
import type { LockedContent } from './integrity.ts';

/**
 * Everything below `folder`, which holds the lockfile: packages as they lie in node_modules, links as links, and the
 * folders of `workspaces` with what lies in theirs.
 */
export function readTree(
  folder: string,
  workspaces: readonly string[],
  content: ReadonlyMap<string, LockedContent>,
): Map<string, LockEntry> {
  const root = realpathSync(folder);
  const entries = new Map<string, LockEntry>();
  const visit = (location: string) => {
    if (entries.has(location) || !existsSync(join(root, location, 'package.json'))) return;
    entries.set(location, packageEntry(root, location, content));
    for (const name of packagesIn(join(root, location, 'node_modules'))) {
      const below = location === '' ? `node_modules/${name}` : `${location}/node_modules/${name}`;
      if (!lstatSync(join(root, below)).isSymbolicLink()) {
        visit(below);
        continue;
      }
      const target = linkTarget(root, below);
      if (target === undefined) continue;
      entries.set(below, { ...entryOf(below, { resolved: target }), link: true });
      visit(target);
    }
  };
  visit('');
  for (const location of workspaces) visit(location);
  return entries;
}

function packageEntry(
  root: string,
  location: string,
  content: ReadonlyMap<string, LockedContent>,
): LockEntry {
  const parsed: unknown = JSON.parse(readFileSync(join(root, location, 'package.json'), 'utf8'));
  const manifest = isRecord(parsed) ? parsed : {};
  const { license, scripts } = manifest;
  const own = entryOf(location, {
    ...manifest,
    license: isRecord(license) ? license['type'] : license,
    // Fields that only a lockfile has.
    ...{
      integrity: undefined,
      resolved: undefined,
      link: false,
      inBundle: false,
      dev: false,
      devOptional: false,
    },
  });
  const locked = content.get(`${String(manifest['name'])}@${own.version}`);
  const runs = ['preinstall', 'install', 'postinstall'].some(name => isRecord(scripts) && name in scripts);
  // npm compiles what has a binding.gyp without being told to.
  const compiles = existsSync(join(root, location, 'binding.gyp')) && manifest['gypfile'] !== false;
  const known = { ...own.dependencies, ...own.optionalDependencies, ...own.peerDependencies };
  const isNew = (name: string) => !(name in known) && !own.optionalPeers.includes(name);
  const added = locked?.needs.filter(isNew).map(name => [name, '*'] as const) ?? [];
  return {
    ...own,
    optionalDependencies: { ...own.optionalDependencies, ...Object.fromEntries(added) },
    integrity: locked?.integrity,
    resolved: locked?.resolved,
    unpinned: locked?.unpinned ?? false,
    hasInstallScript: runs || compiles,
  };
}

function packagesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder)
    .filter(name => !name.startsWith('.'))
    .sort();
  return names.flatMap(name =>
    name.startsWith('@')
      ? readdirSync(join(folder, name))
          .sort()
          .map(item => `${name}/${item}`)
      : [name],
  );
}

/** Undefined for a link to nothing, to a file, or out of the folder. */
function linkTarget(root: string, location: string): string | undefined {
  try {
    const target = realpathSync(join(root, location));
    const path = relative(root, target).split(sep).join('/');
    return statSync(target).isDirectory() && !path.startsWith('..') ? path : undefined;
  } catch {
    return undefined;
  }
}
