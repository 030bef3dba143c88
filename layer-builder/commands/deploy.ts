/** deploy: ships the function of one stage, shows it and its log, takes it back to the version before, or away. */
import { makeCaller } from '../aws/calls.ts';
import { defaultRegion, openClients } from '../aws/clients.ts';
import { readFunction } from '../aws/function-read.ts';
import { readEvents } from '../aws/logs.ts';
import { openSide } from '../aws/side-access.ts';
import type { Command, CommandArguments, CommandContext, Outcome } from '../command.ts';
import { readConfig } from '../config.ts';
import type { DeployAccess } from '../deploy/apply.ts';
import { checkedFunctionName, checkStage, settingsOfStage } from '../deploy/desired.ts';
import { deployProject, localRole } from '../deploy/index.ts';
import { followEvents, formatEvents, parseSince } from '../deploy/logs.ts';
import { formatDeploy, formatDestroyed, formatRollback, formatStage } from '../deploy/report.ts';
import { destroyStage, readStage, rollbackStage } from '../deploy/stages.ts';
import { fail } from '../errors.ts';
import { readRunningRelease } from '../read/running-release.ts';
import { actionOf, checkRegion, modeOf, overrideOf } from './deploy-options.ts';
import { flagOf, textOf } from './values.ts';

interface Stage {
  readonly context: CommandContext;
  readonly values: CommandArguments['values'];
  readonly stage: string;
  readonly functionName: string;
  readonly region: string;
  readonly aws: DeployAccess & { readonly fallbackRole: string | undefined };
  close(): void;
}

const actions = { deploy, status, logs, rollback, destroy } as const;

export const command: Command = {
  name: 'deploy',
  summary: 'ship the function of a stage: package, update, test the new version, make it live',
  usage:
    'layer-builder deploy [status|logs|rollback|destroy] --stage NAME [--mode auto|layer|s3] [--region R] [--dry-run]',
  example: 'layer-builder deploy --stage dev --mode layer --region eu-west-1',
  positionals: { min: 0, max: 1, names: ['[status|logs|rollback|destroy]'] },
  options: {
    stage: { type: 'string', help: 'dev, qa, prod …: the function is {service}__{stage}' },
    mode: {
      type: 'string',
      help: 'loading path: auto, layer (attached) or s3 (no layer) (default: configuration, auto)',
    },
    region: { type: 'string', help: 'region (default: that of the AWS environment or profile)' },
    'dry-run': { type: 'boolean', help: 'print the plan, change nothing; also with rollback and destroy' },
    'create-role': {
      type: 'boolean',
      help: 'make an execution role with the least that is needed, when the configuration names none',
    },
    shift: {
      type: 'string',
      multiple: true,
      help: 'percent of the calls that the new version gets first, e.g. 10,50 (default: configuration, all at once)',
    },
    bake: {
      type: 'string',
      help: 'seconds to watch each share, and the alarms at the end (default: configuration, 60)',
    },
    'no-alarms': { type: 'boolean', help: 'do not look at the alarms of the configuration' },
    'no-smoke-test': { type: 'boolean', help: 'make the new version live untested' },
    to: {
      type: 'string',
      help: 'rollback: the version to go back to (default: the one that was live before)',
    },
    since: { type: 'string', help: 'logs: from when on: 90s, 10m, 2h, 1d, or a time (default 10m)' },
    filter: { type: 'string', help: 'logs: only what matches this CloudWatch filter pattern' },
    follow: { type: 'boolean', help: 'logs: go on with what comes, until Ctrl-C' },
    yes: { type: 'boolean', help: 'destroy: really delete the function, its versions and its URL' },
  },
  async run(context, { values, positionals }) {
    const action = actionOf(positionals[0] ?? 'deploy', values);
    const stage = textOf(values, 'stage');
    if (stage === undefined) {
      fail('USAGE', 'which stage? (expected --stage NAME, found nothing)', {
        hint: 'for example: --stage dev',
      });
    }
    checkStage(stage);
    const region = textOf(values, 'region') ?? (await defaultRegion(context.env));
    if (region === undefined) {
      fail('REGION_REQUIRED', 'which region? (expected --region or AWS_REGION, found neither)', {
        hint: 'for example: --region eu-west-1',
      });
    }
    checkRegion(region);
    const name = checkedFunctionName(await readConfig(context.project), stage);
    const clients = await openClients(context.env, region);
    const { lambda, close } = clients;
    let outcome: Outcome | undefined;
    try {
      const call = makeCaller(clients, { signal: context.signal });
      const aws = {
        ...{ lambda, call, fallbackRole: localRole(clients.endpoint) },
        side: openSide(clients, context.env, context.signal),
        lasting: { lambda, call: makeCaller(clients) },
      };
      outcome = await actions[action]({ context, values, stage, functionName: name, region, aws, close });
      return outcome;
    } finally {
      // a command that stays closes them at its end
      if (outcome?.hold === undefined) close();
    }
  },
};

async function deploy({ context, values, stage, region, aws }: Stage): Promise<Outcome> {
  const options = {
    stage,
    mode: modeOf(values),
    region,
    dryRun: flagOf(values, 'dry-run'),
    smokeTest: !flagOf(values, 'no-smoke-test'),
    override: overrideOf(values),
    progress: context.progress,
    signal: context.signal,
  };
  const report = await deployProject(context.project, options, aws, context.env);
  return { data: report, text: formatDeploy(report) };
}

async function logs({ context, values, functionName, aws, close }: Stage): Promise<Outcome> {
  const { json, say, signal } = context;
  const follow = flagOf(values, 'follow');
  if (follow && json) fail('USAGE', '--follow has no end and --json is one document: leave one of them out');
  const since = parseSince(textOf(values, 'since') ?? '10m', Date.now());
  const pattern = textOf(values, 'filter') ?? '';
  const actual = await readFunction(aws, functionName);
  const group = actual?.latest.logGroup ?? `/aws/lambda/${functionName}`;
  if (!follow) {
    const events = await readEvents(aws.side, group, { since, pattern });
    const data = events.map(event => ({ ...event, timestamp: new Date(event.timestamp).toISOString() }));
    const text = formatEvents(events) || `nothing in ${group} since ${new Date(since).toISOString()}`;
    return { data: { group, events: data }, text };
  }
  return {
    data: { group },
    text: '',
    hold: async () => {
      try {
        const until = signal ?? new AbortController().signal;
        for await (const events of followEvents(aws.side, { group, since, pattern }, until))
          say(formatEvents(events));
      } catch (error) {
        if (signal?.aborted !== true) throw error;
      } finally {
        close();
      }
    },
  };
}

async function status({ context, aws, functionName, region }: Stage): Promise<Outcome> {
  const found = await readStage(aws, functionName);
  const { project, env, signal } = context;
  const where = { region, env, signal };
  const running = found.codeSha256
    ? await readRunningRelease(project, found.codeSha256, where)
    : { release: null };
  const { release, unknown: releaseUnknown } = running;
  const data = { ...found, release, ...(releaseUnknown === undefined ? {} : { releaseUnknown }) };
  return { data, text: formatStage(found, running) };
}

async function rollback({ context, values, stage, aws, functionName }: Stage): Promise<Outcome> {
  const { smoke } = settingsOfStage(await readConfig(context.project), stage);
  const paths = flagOf(values, 'no-smoke-test') ? [] : smoke;
  const done = await rollbackStage(aws, functionName, textOf(values, 'to'), paths, flagOf(values, 'dry-run'));
  return { data: done, text: formatRollback(done) };
}

async function destroy({ values, aws, functionName, region }: Stage): Promise<Outcome> {
  const dryRun = flagOf(values, 'dry-run');
  if (!dryRun && !flagOf(values, 'yes')) {
    fail(
      'USAGE',
      `destroy deletes ${functionName} with its versions and its URL (expected --yes, found nothing)`,
      {
        hint: 'add --yes when you mean it, --dry-run to see what would go; layers and objects in S3 stay',
      },
    );
  }
  const done = await destroyStage(aws, functionName, region, dryRun);
  return { data: done, text: formatDestroyed(done) };
}
