/** Log groups and their events: settings as records, events as lines appended to one file a group. */
import { createHash } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTable, type Table } from '../table.ts';

export interface LogGroup {
  readonly name: string;
  /** Milliseconds since the epoch. */ readonly created: number;
  readonly retentionDays?: number;
  /** Streams that were made by name; those of functions are known by their events. */
  readonly streams: readonly string[];
}

export interface LogEvent {
  /** 56 digits, ascending. */ readonly id: string;
  readonly stream: string;
  /** Milliseconds since the epoch. */ readonly timestamp: number;
  readonly message: string;
}

export interface LogStore {
  readonly groups: Table<LogGroup>;
  /** Events of a group that are not older than its retention, in the order in which they came. */
  events(group: string): Promise<readonly LogEvent[]>;
  /** Keeps events; on disk some moments later. */
  append(group: string, events: readonly Omit<LogEvent, 'id'>[]): void;
  removeGroup(name: string): Promise<void>;
  /** Waits until everything is on disk. */
  close(): Promise<void>;
}

const dayMs = 86_400_000;
/** Beyond this many events of a group the older half goes: a development tool must not fill the disk. */
const mostEvents = 20_000;

/** Opens the groups below `folder`. Throws `DATA_UNREADABLE` for a damaged record. */
export function openLogStore(folder: string, clock: () => number): LogStore {
  const groups = openTable<LogGroup>(join(folder, 'groups'));
  const held = new Map<string, Promise<LogEvent[]>>();
  const writes = new Map<string, Promise<void>>();
  let sequence = 0;
  const pathOf = (group: string): string =>
    join(folder, `${createHash('sha256').update(group).digest('hex').slice(0, 32)}.jsonl`);

  function load(group: string): Promise<LogEvent[]> {
    const found = held.get(group) ?? readEvents(pathOf(group));
    held.set(group, found);
    return found;
  }

  function queue(group: string, act: () => Promise<void>): Promise<void> {
    const done = (writes.get(group) ?? Promise.resolve()).then(act).catch(() => {
      // A full disk costs the log, not the function.
    });
    writes.set(group, done);
    return done;
  }

  return {
    groups,
    async events(group) {
      await writes.get(group);
      const days = groups.get(group)?.retentionDays;
      const all = await load(group);
      return days === undefined ? all : all.filter(({ timestamp }) => timestamp > clock() - days * dayMs);
    },
    append(group, events) {
      const fresh = events.map(event => ({
        id: `${event.timestamp}`.padStart(36, '0') + `${sequence++}`.padStart(20, '0'),
        ...event,
      }));
      void queue(group, async () => {
        const all = await load(group);
        all.push(...fresh);
        if (all.length <= mostEvents) return appendFile(pathOf(group), linesOf(fresh));
        all.splice(0, all.length - mostEvents / 2);
        await writeFile(pathOf(group), linesOf(all));
      });
    },
    async removeGroup(name) {
      await groups.remove(name);
      await queue(name, async () => {
        held.delete(name);
        await rm(pathOf(name), { force: true });
      });
    },
    async close() {
      await Promise.all(writes.values());
    },
  };
}

/** A line that a kill cut in two is left out. */
async function readEvents(path: string): Promise<LogEvent[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap(line => {
    try {
      return [JSON.parse(line) as LogEvent];
    } catch {
      return [];
    }
  });
}

function linesOf(events: readonly LogEvent[]): string {
  return events.map(event => `${JSON.stringify(event)}\n`).join('');
}
