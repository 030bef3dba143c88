/** Pure: what a person wants to see at the end of the main job. */
import type { FunctionRun, MainJob, Rehearsal } from './index.ts';
import { isServed, rehearsalRegion } from './index.ts';
import { drawTimelines } from './timeline.ts';

type Local = Pick<Rehearsal, 'endpoint' | 'credentials'>;

/** @param local the S3 and Lambda that it ran on, where the log is read; undefined when they have ended with it */
export function formatMainJob(job: MainJob, local: Local | undefined): string {
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
    ...job.functions.filter(({ status }) => !isServed(status)).flatMap(run => complain(run, job, local)),
    '',
    ...job.functions.map(({ url }) => `  ${curl(new URL(job.path, url).href, job.key)}`),
  ].join('\n');
}

/** Deployed is not serving: why it does not, and where to look. */
function complain(
  { name, status, body }: FunctionRun,
  { path }: MainJob,
  local: Local | undefined,
): string[] {
  const said = typeof body === 'string' ? body : JSON.stringify(body);
  const stage = name.slice(name.indexOf('__') + 2);
  return [
    '',
    `  ${name} does not serve: ${path} → ${status} ${said.slice(0, 300)}`,
    `  its log, ${whereOf(local)} npx layer-builder deploy logs --stage ${stage} --region ${rehearsalRegion}`,
  ];
}

function whereOf(local: Local | undefined): string {
  if (local === undefined) return 'once "npx layer-builder local" runs and what it prints is exported:';
  const { endpoint, credentials } = local;
  return `while S3 and Lambda run: AWS_ENDPOINT_URL=${endpoint} AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`;
}

function curl(url: string, key: MainJob['key']): string {
  return key === undefined ? `curl ${url}` : `curl -H '${key.name}: ${key.value}' ${url}`;
}
