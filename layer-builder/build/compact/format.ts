/** Tells how Node would load a file: https://nodejs.org/api/packages.html#determining-module-system */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { isRecord } from '../../config/check.ts';
import type { ModuleFormat } from './hazards.ts';

/** A memory for `package.json` lookups; one for each build, because files change between builds. */
export type FormatMemory = Map<string, 'esm' | 'commonjs'>;

/** By extension, else by the nearest package.json's `type`. Syntax detection is not used: Lambda's flags vary. */
export function formatOf(path: string, memory: FormatMemory): ModuleFormat {
  switch (extname(path)) {
    case '.mjs':
      return 'esm';
    case '.cjs':
      return 'commonjs';
    case '.json':
      return 'json';
    case '.node':
      return 'native';
    case '.js':
    case '':
      return typeOf(dirname(path), memory);
    default:
      return 'other';
  }
}

function typeOf(folder: string, memory: FormatMemory): 'esm' | 'commonjs' {
  const known = memory.get(folder);
  if (known) return known;
  const path = join(folder, 'package.json');
  const up = dirname(folder);
  let type: 'esm' | 'commonjs';
  if (existsSync(path)) {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    type = isRecord(manifest) && manifest['type'] === 'module' ? 'esm' : 'commonjs';
  } else {
    type = up === folder || folder.endsWith('node_modules') ? 'commonjs' : typeOf(up, memory);
  }
  memory.set(folder, type);
  return type;
}
