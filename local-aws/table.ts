/** Named records on disk, one JSON file each, in memory while the server runs. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalAwsError } from './errors.ts';

export interface Table<T> {
  get(name: string): T | undefined;
  /** In the order of names. */
  all(): readonly T[];
  /** Visible at once, on disk when the promise resolves. Writes of one name keep their order. */
  put(record: T): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Opens the records below `folder`. Throws `DATA_UNREADABLE` for one that does not parse. */
export function openTable<T extends { readonly name: string }>(folder: string): Table<T> {
  mkdirSync(folder, { recursive: true });
  const records = new Map<string, T>();
  const keep = (record: T): void => void records.set(record.name, record);
  const pathOf = (name: string): string => join(folder, `${fileName(name)}.json`);
  const writes = new Map<string, Promise<void>>();
  for (const file of readdirSync(folder)) {
    // What a killed process was writing; the record it would have replaced is whole.
    if (!file.endsWith('.json')) rmSync(join(folder, file));
    else keep(parse<T>(join(folder, file)));
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
      keep(record);
      const text = `${JSON.stringify(record, null, 1)}\n`;
      return queue(record.name, () => writeDurably(pathOf(record.name), text));
    },
    remove(name) {
      records.delete(name);
      return queue(name, () => rm(pathOf(name), { force: true }));
    },
  };
}

/** A name may hold slashes and be longer than a file's name; what fits stays readable. */
function fileName(name: string): string {
  const readable = encodeURIComponent(name);
  return readable.length <= 200 ? readable : createHash('sha256').update(name).digest('hex');
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

/** The whole content or what was there before, also after a kill: written beside, synced, renamed. */
export async function writeDurably(path: string, content: Buffer | string): Promise<void> {
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
