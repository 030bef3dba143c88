/** Functions, layers and their zips on disk. A record is replaced by one rename, so it is the old or the new one. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readEntries, unzippedSize, ZipError } from '../sandbox/zip.ts';
import { openTable, type Table, writeDurably } from '../table.ts';
import { invalid } from './errors.ts';
import type { Blob, FunctionRecord, LayerRecord } from './records.ts';

export interface Store {
  readonly functions: Table<FunctionRecord>;
  readonly layers: Table<LayerRecord>;
  /** Keeps a zip. Throws `InvalidParameterValueException` for bytes that are no zip. */
  keep(zip: Buffer): Promise<Blob>;
  pathOf(sha256: string): string;
  /** Deletes zips that no record names. */
  collect(): Promise<void>;
}

const graceMs = 60_000;

/** Opens the store below `folder`. Throws `DATA_UNREADABLE` for a record that does not parse. */
export function openStore(folder: string): Store {
  const blobs = join(folder, 'code');
  mkdirSync(blobs, { recursive: true });
  const functions = openTable<FunctionRecord>(join(folder, 'functions'));
  const layers = openTable<LayerRecord>(join(folder, 'layers'));
  const pathOf = (sha256: string): string => join(blobs, `${sha256}.zip`);
  /** When a zip was stored: a request that is still running may not have named it in a record yet. */
  const fresh = new Map<string, number>();
  return {
    functions,
    layers,
    pathOf,
    async keep(zip) {
      const unzipped = sizeOf(zip);
      const sha256 = createHash('sha256').update(zip).digest('hex');
      fresh.set(sha256, Date.now());
      if (!existsSync(pathOf(sha256))) await writeDurably(pathOf(sha256), zip);
      return { sha256, size: zip.length, unzipped };
    },
    async collect() {
      for (const [sha256, at] of fresh) if (Date.now() - at > graceMs) fresh.delete(sha256);
      const used = new Set(fresh.keys());
      for (const { latest, versions } of functions.all()) {
        for (const { code, layers: attached } of [latest, ...versions]) {
          for (const { sha256 } of [code, ...attached.map(layer => layer.code)]) used.add(sha256);
        }
      }
      for (const { versions } of layers.all()) for (const { code } of versions) used.add(code.sha256);
      for (const name of readdirSync(blobs)) {
        if (!used.has(name.slice(0, 64))) await rm(join(blobs, name), { force: true });
      }
    },
  };
}

function sizeOf(zip: Buffer): number {
  try {
    const entries = readEntries(zip);
    if (entries.length === 0) throw invalid('Uploaded file must be a non-empty zip');
    return unzippedSize(entries);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw invalid('Could not unzip uploaded file. Please check your file, then try to upload again.');
  }
}
