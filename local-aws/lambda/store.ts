/** Functions, layers and their zips on disk. A record is replaced by one rename, so it is the old or the new one. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalAwsError } from '../errors.ts';
import { readEntries, unzippedSize, ZipError } from '../sandbox/zip.ts';
import { invalid } from './errors.ts';
import type { Blob, FunctionRecord, LayerRecord } from './records.ts';

export interface Table<T> {
  get(name: string): T | undefined;
  /** In the order of names. */
  all(): readonly T[];
  /** Visible at once, on disk when the promise resolves. Writes of one name keep their order. */
  put(record: T): Promise<void>;
  remove(name: string): Promise<void>;
}

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

function openTable<T extends { readonly name: string }>(folder: string): Table<T> {
  mkdirSync(folder, { recursive: true });
  const records = new Map<string, T>();
  const writes = new Map<string, Promise<void>>();
  for (const file of readdirSync(folder)) {
    // What a killed process was writing; the record it would have replaced is whole.
    if (!file.endsWith('.json')) rmSync(join(folder, file));
    else records.set(file.slice(0, -5), parse<T>(join(folder, file)));
  }
  const queue = (name: string, act: () => Promise<void>): Promise<void> => {
    const done = (writes.get(name) ?? Promise.resolve()).then(act);
    const settled = done.catch(() => {});
    writes.set(name, settled);
    settled.then(() => writes.get(name) === settled && writes.delete(name));
    return done;
  };
  return {
    get: name => records.get(name),
    all: () => [...records.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    put(record) {
      records.set(record.name, record);
      const text = `${JSON.stringify(record, null, 1)}\n`;
      return queue(record.name, () => writeDurably(join(folder, `${record.name}.json`), text));
    },
    remove(name) {
      records.delete(name);
      return queue(name, () => rm(join(folder, `${name}.json`), { force: true }));
    },
  };
}

function parse<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new LocalAwsError('DATA_UNREADABLE', `a record of local-aws is not readable: ${path}`, {
      hint: 'delete that file, or start with --reset',
      details: { path },
      cause,
    });
  }
}

async function writeDurably(path: string, content: Buffer | string): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
