/** Pure: the cold starts of several functions drawn side by side, one scale for all. */

export interface Timeline {
  readonly title: string;
  /** Milliseconds, in the order in which they happened. */
  readonly phases: Readonly<Record<string, number>>;
  /** Milliseconds until the answer; what the phases do not explain went into the sandbox and Node. */
  readonly totalMs: number;
}

const width = 44;

/** A line a phase; every bar starts where the one before it ended, so that the eye reads it as a time line. */
export function drawTimelines(timelines: readonly Timeline[]): string {
  const scale = width / Math.max(1, ...timelines.map(timeline => timeline.totalMs));
  const names = timelines.flatMap(timeline => Object.keys(timeline.phases));
  const label = Math.max(...names.map(name => name.length), 'sandbox and Node'.length);
  return timelines.map(timeline => drawTimeline(timeline, scale, label)).join('\n\n');
}

function drawTimeline(timeline: Timeline, scale: number, label: number): string {
  const explained = Object.values(timeline.phases).reduce((sum, ms) => sum + ms, 0);
  const rest = Math.max(0, timeline.totalMs - explained);
  const rows = [['sandbox and Node', rest] as const, ...Object.entries(timeline.phases)];
  let at = 0;
  const lines = rows.map(([name, ms]) => {
    const from = Math.round(at * scale);
    at += ms;
    const bar = `${' '.repeat(from)}${'█'.repeat(Math.max(0, Math.round(at * scale) - from)) || '▏'}`;
    return `    ${name.padEnd(label)} ${ms.toFixed(1).padStart(8)} ms  ${bar}`;
  });
  return [`  ${timeline.title}  ${timeline.totalMs.toFixed(0)} ms`, ...lines].join('\n');
}
