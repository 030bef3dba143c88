/** Finds the one place that configures a project and reads it, without judging it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BuilderError } from '../errors.ts';
import type { Manifest } from '../types.ts';
import { isRecord } from './check.ts';

/** In order of precedence; more than one is an error, because one of them would silently not count. */
export const configFileNames = ['ts', 'js', 'json'].map(kind => `layer-builder.config.${kind}`);

export interface RawConfig {
  /** Name of the file, for messages. */
  readonly from: string;
  readonly value: unknown;
}

/** Throws `CONFIG_INVALID` when there are several configurations or the one cannot be read. */
export async function readRawConfig(project: string, manifest: Manifest): Promise<RawConfig> {
  const files = configFileNames.filter(name => existsSync(join(project, name)));
  const inManifest = manifest.raw['layer-builder'];
  const places = [...files, ...(inManifest === undefined ? [] : ['package.json'])];
  if (places.length > 1) {
    throw new BuilderError(
      'CONFIG_INVALID',
      `several configurations (expected one, found ${places.join(' and ')})`,
      { hint: `keep ${places[0]} and move the keys of the others into it`, details: { places } },
    );
  }
  const [file] = files;
  if (file === undefined) return { from: 'package.json', value: inManifest ?? {} };
  return { from: file, value: await load(join(project, file)) };
}

async function load(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'));
    // The time in the query makes an edited file a new module in a process that reads it twice.
    const module: unknown = await import(`${pathToFileURL(path).href}?${statSync(path).mtimeMs}`);
    if (!isRecord(module)) return module;
    return module['default'] ?? module['config'] ?? {};
  } catch (cause) {
    throw new BuilderError(
      'CONFIG_INVALID',
      `${basename(path)} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      { hint: 'export the configuration as default', cause },
    );
  }
}
