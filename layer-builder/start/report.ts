/** Pure: what a person wants to see at the end of the main job. */
import type { MainJob } from './index.ts';
import { drawTimelines } from './timeline.ts';

export function formatMainJob(job: MainJob): string {
  const timelines = job.functions.map(({ name, source, phases, coldStartMs }) => ({
    title: `${name} (${source})`,
    phases,
    totalMs: coldStartMs,
  }));
  const rows = job.functions.map(
    ({ url, source, status, warmMs }) =>
      `  ${url}  ${source.padEnd(5)}  ${job.path} → ${status}, warm ${warmMs.toFixed(1)} ms`,
  );
  return [
    '',
    '── cold start: from the request to the answer of a new execution environment ──',
    drawTimelines(timelines),
    '',
    '── serving ──',
    ...rows,
    '',
    ...job.functions.map(({ url }) => `  ${curl(new URL(job.path, url).href, job.key)}`),
  ].join('\n');
}

function curl(url: string, key: MainJob['key']): string {
  return key === undefined ? `curl ${url}` : `curl -H '${key.name}: ${key.value}' ${url}`;
}
