/** deploy: ships the function of one stage, shows it, takes it back to the version before, or takes it away. */
import { makeCaller } from '../aws/calls.ts';
import { defaultRegion, openClients } from '../aws/clients.ts';
import type { FunctionAccess } from '../aws/function-access.ts';
import type { Command, CommandArguments, CommandContext, Outcome } from '../command.ts';
import { readConfig } from '../config.ts';
import { settingsOfStage } from '../deploy/desired.ts';
import { checkStage, deployProject, localRole } from '../deploy/index.ts';
import { formatDeploy, formatRollback, formatStage } from '../deploy/report.ts';
import { destroyStage, readStage, rollbackStage } from '../deploy/stages.ts';
import { deployModes } from '../deploy/types.ts';
import { fail } from '../errors.ts';
import { flagOf, textOf } from './values.ts';

interface Stage {
  readonly context: CommandContext;
  readonly values: CommandArguments['values'];
  readonly stage: string;
  readonly functionName: string;
  readonly region: string;
  readonly aws: FunctionAccess & { readonly fallbackRole: string | undefined };
}

const actions = { deploy, status, rollback, destroy } as const;
type Action = keyof typeof actions;
const actionNames = Object.keys(actions) as Action[];

export const command: Command = {
  name: 'deploy',
  summary: 'ship the function of a stage: package, update, test the new version, make it live',
  usage:
    'layer-builder deploy [status|rollback|destroy] --stage NAME [--mode auto|layer|s3] [--region R] [--dry-run]',
  example: 'layer-builder deploy --stage dev --mode layer --region eu-west-1',
  positionals: { min: 0, max: 1, names: ['[status|rollback|destroy]'] },
  options: {
    stage: { type: 'string', help: 'dev, qa, prod …: the function is {service}__{stage}' },
    mode: { type: 'string', default: 'auto', help: 'loading path: auto, layer (attached) or s3 (no layer)' },
    region: { type: 'string', help: 'region (default: that of the AWS environment or profile)' },
    'dry-run': { type: 'boolean', help: 'print the plan, change nothing' },
    'no-smoke-test': { type: 'boolean', help: 'make the new version live untested' },
    to: {
      type: 'string',
      help: 'rollback: the version to go back to (default: the one that was live before)',
    },
    yes: { type: 'boolean', help: 'destroy: really delete the function, its versions and its URL' },
  },
  async run(context, { values, positionals }) {
    const [word = 'deploy'] = positionals;
    const action = actionNames.find(name => name === word);
    if (action === undefined) {
      fail('USAGE', `unknown action (expected ${actionNames.join(', ')}, found "${word}")`);
    }
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
    const functionName = `${(await readConfig(context.project)).service}__${stage}`;
    const clients = await openClients(context.env, region);
    try {
      const call = makeCaller(clients, { signal: context.signal });
      const aws = { lambda: clients.lambda, call, fallbackRole: localRole(clients.endpoint) };
      return await actions[action]({ context, values, stage, functionName, region, aws });
    } finally {
      clients.close();
    }
  },
};

async function deploy({ context, values, stage, region, aws }: Stage): Promise<Outcome> {
  const mode = deployModes.find(known => known === values['mode']);
  if (mode === undefined) {
    return fail(
      'USAGE',
      `unknown mode (expected ${deployModes.join(', ')}, found "${String(values['mode'])}")`,
    );
  }
  const options = {
    stage,
    mode,
    region,
    dryRun: flagOf(values, 'dry-run'),
    smokeTest: !flagOf(values, 'no-smoke-test'),
    progress: context.progress,
  };
  const report = await deployProject(context.project, options, aws, context.env);
  return { data: report, text: formatDeploy(report) };
}

async function status({ aws, functionName }: Stage): Promise<Outcome> {
  const found = await readStage(aws, functionName);
  return { data: found, text: formatStage(found) };
}

async function rollback({ context, values, stage, aws, functionName }: Stage): Promise<Outcome> {
  const { smoke } = settingsOfStage(await readConfig(context.project), stage);
  const paths = flagOf(values, 'no-smoke-test') ? [] : smoke;
  const done = await rollbackStage(aws, functionName, textOf(values, 'to'), paths);
  return { data: done, text: formatRollback(done) };
}

async function destroy({ values, aws, functionName }: Stage): Promise<Outcome> {
  if (!flagOf(values, 'yes')) {
    fail(
      'USAGE',
      `destroy deletes ${functionName} with its versions and its URL (expected --yes, found nothing)`,
      {
        hint: 'add --yes when you mean it; layers and objects in S3 stay',
      },
    );
  }
  const deleted = await destroyStage(aws, functionName);
  return {
    data: { functionName, deleted },
    text: deleted ? `${functionName} is deleted` : `${functionName} was not there`,
  };
}
