/** The main job: S3 and Lambda of this machine, then plan, build, package, publish, deploy twice, and call both. */
import type { Command, CommandContext } from '../command.ts';
import { loadCommand } from '../commands/index.ts';
import { readConfig } from '../config.ts';
import { settingsOfStage } from '../deploy/desired.ts';
import type { DeployReport } from '../deploy/index.ts';
import type { DeployMode } from '../types.ts';
import { ensureBucket } from './bucket.ts';
import { rehearsalKey } from './key.ts';
import type { Call } from './measure.ts';
import { callUrl } from './measure.ts';

export const rehearsalBucket = 'layer-builder-rehearsal';
export const rehearsalRegion = 'us-east-1';

/** The two functions: the same code and dependencies, once from the layer, once from S3. */
const deployments: readonly { readonly stage: string; readonly mode: DeployMode }[] = [
  { stage: 'dev', mode: 'layer' },
  { stage: 'dev-s3', mode: 's3' },
];

/** One function called cold and warm, as `--json` prints it. */
export interface FunctionRun {
  readonly name: string;
  readonly source: string;
  readonly url: string;
  /** Milliseconds from the request to the whole answer of a new execution environment. */
  readonly coldStartMs: number;
  /** Milliseconds a phase of the cold start, as the handler measured them. */
  readonly phases: Readonly<Record<string, number>>;
  readonly warmMs: number;
  readonly status: number;
  readonly body: unknown;
}

export interface MainJob {
  readonly artifacts: unknown;
  readonly functions: readonly FunctionRun[];
  /** Header that the calls need; undefined for a service without a key. */
  readonly key: { readonly name: string; readonly value: string } | undefined;
  /** Path that was called. */
  readonly path: string;
  /** True when every function answered 2xx or 3xx, cold and warm. */
  readonly served: boolean;
}

/** Whether an answer counts as serving. */
export function isServed(status: number): boolean {
  return status >= 200 && status < 400;
}

/** S3 and Lambda of this machine as the flow needs them. */
export interface Rehearsal {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Folder that keeps everything, the API key too. */
  readonly data: string;
}

/**
 * Runs the whole flow against S3 and Lambda of this machine and answers what was measured. Every step is the command of that name,
 * so what is printed is what a release engineer sees; a second run publishes and deploys nothing new.
 *
 * Throws what the commands throw; nothing is rolled back, a rerun goes on from there.
 */
export async function runMainJob(context: CommandContext, local: Rehearsal): Promise<MainJob> {
  const env = rehearsalEnvironment(context, local);
  const inner: CommandContext = { ...context, env };
  await ensureBucket(env, rehearsalRegion, rehearsalBucket);
  await runStep(inner, 'plan');
  const built = (await runStep(inner, 'build')) as { artifacts: unknown };
  await runStep(inner, 'package');
  await runStep(inner, 'publish', { bucket: rehearsalBucket, regions: rehearsalRegion });
  const deployed: DeployReport[] = [];
  for (const { stage, mode } of deployments) {
    const values = { stage, mode, region: rehearsalRegion, 'no-smoke-test': true };
    deployed.push((await runStep(inner, 'deploy', values)) as DeployReport);
  }
  const config = await readConfig(context.project);
  const called = settingsOfStage(config, 'dev').smoke.at(-1) ?? '/';
  const key = keyOf(settingsOfStage(config, 'dev').environment, env);
  const functions: FunctionRun[] = [];
  for (const report of deployed) {
    context.progress(`calling ${report.functionName}`);
    functions.push(await measure(report, called, key));
  }
  const served = functions.every(({ status }) => isServed(status));
  return { artifacts: built.artifacts, functions, key, path: called, served };
}

/** Runs one command and shows people what it answers. */
async function runStep(
  context: CommandContext,
  name: Parameters<typeof loadCommand>[0],
  values: Record<string, string | boolean> = {},
): Promise<unknown> {
  const command: Command = await loadCommand(name);
  const defaults = Object.entries(command.options).flatMap(([option, { default: value }]) =>
    value === undefined ? [] : [[option, value] as const],
  );
  context.progress(`${name} …`);
  const outcome = await command.run(context, {
    values: { ...Object.fromEntries(defaults), ...values },
    positionals: [],
  });
  context.say(`\n── ${name} ──\n${outcome.text}`);
  return outcome.data;
}

async function measure(report: DeployReport, called: string, key: MainJob['key']): Promise<FunctionRun> {
  const url = report.url ?? '';
  const target = new URL(called, url).href;
  const headers = key === undefined ? {} : { [key.name]: key.value };
  const cold = await callUrl(target, headers);
  const warm = await callUrl(target, headers);
  return {
    name: report.functionName,
    source: report.mode,
    url,
    coldStartMs: cold.ms,
    phases: phasesOf(cold),
    warmMs: warm.ms,
    status: warm.status === cold.status ? cold.status : warm.status,
    body: bodyOf(cold),
  };
}

/**
 * `<artifact>-<phase>`: the artifacts are loaded side by side, so the longest one counts for each phase. `init` is
 * the sum of all and would count twice.
 */
function phasesOf(call: Call): Record<string, number> {
  const phases: Record<string, number> = {};
  for (const [name, ms] of Object.entries(call.timings)) {
    if (name === 'init') continue;
    const phase = name.slice(name.lastIndexOf('-') + 1);
    phases[phase] = Math.max(phases[phase] ?? 0, ms);
  }
  return phases;
}

function bodyOf(call: Call): unknown {
  try {
    return JSON.parse(call.body);
  } catch {
    return call.body;
  }
}

/** The user's environment without his AWS account: a rehearsal must never reach it. */
function rehearsalEnvironment(
  context: CommandContext,
  { endpoint, credentials, data }: Rehearsal,
): NodeJS.ProcessEnv {
  const own = Object.entries(context.env).filter(([name]) => !name.startsWith('AWS_'));
  const keyVariable = 'FAST_API__AUTH__API_KEY__VALUE';
  return {
    ...Object.fromEntries(own),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: rehearsalRegion,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    [keyVariable]: context.env[keyVariable] || rehearsalKey(data),
  };
}

/** The API key that the service was deployed with, when it has one of the kind of the reference service. */
function keyOf(configured: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): MainJob['key'] {
  const name = configured['FAST_API__AUTH__API_KEY__NAME'];
  const value = env['FAST_API__AUTH__API_KEY__VALUE'];
  return name === undefined || value === undefined ? undefined : { name, value };
}
