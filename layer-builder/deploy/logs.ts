/** The log of a stage: what was written since a time, and what comes. */
import type { LogEvent } from '../aws/logs.ts';
import { readEvents } from '../aws/logs.ts';
import type { PaceClock } from '../aws/pace.ts';
import { systemClock } from '../aws/pace.ts';
import type { SideAccess } from '../aws/side-access.ts';
import { fail } from '../errors.ts';

export interface LogQuery {
  readonly group: string;
  /** Milliseconds since the epoch. */ readonly since: number;
  /** CloudWatch's own filter pattern; empty for everything. */ readonly pattern: string;
}

/** Between two questions; FilterLogEvents allows 5 to 10 a second for the whole account. */
const pollMs = 2000;
/** CloudWatch shows events some seconds late, and not in the order of their times. */
const lateMs = 10_000;

/** Events as they come, those since `query.since` first, each once, until the signal is aborted. */
export async function* followEvents(
  side: SideAccess,
  query: LogQuery,
  signal: AbortSignal,
  clock: PaceClock = systemClock,
): AsyncGenerator<readonly LogEvent[]> {
  /** Ids of events that may come again, with their times. */
  const seen = new Map<string, number>();
  let { since } = query;
  while (!signal.aborted) {
    const events = (await readEvents(side, query.group, { ...query, since })).filter(
      ({ id }) => !seen.has(id),
    );
    for (const { id, timestamp } of events) seen.set(id, timestamp);
    if (events.length > 0) yield events;
    const newest = events.at(-1)?.timestamp ?? since;
    since = Math.max(since, newest - lateMs);
    for (const [id, timestamp] of seen) if (timestamp < since) seen.delete(id);
    await clock.sleep(pollMs, signal).catch(() => {});
  }
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `2h`, `1d` before now, or a time as ISO 8601. Throws `USAGE`. */
export function parseSince(word: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(word) ?? [];
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(word) : Number.NaN;
  if (Number.isFinite(time)) return time;
  return fail('USAGE', `no time (expected 90s, 10m, 2h, 1d or 2026-11-28T09:00Z, found "${word}")`);
}

export function formatEvents(events: readonly LogEvent[]): string {
  return events
    .map(
      ({ timestamp, message }) => `${new Date(timestamp).toISOString()}  ${message.replaceAll('\t', '  ')}`,
    )
    .join('\n');
}
