/** deploy: ships the function of one stage; the same project and settings a second time change nothing. */
import { makeCaller } from '../aws/calls.ts';
import { defaultRegion, openClients } from '../aws/clients.ts';
import type { Command } from '../command.ts';
import { deployProject, localRole } from '../deploy/index.ts';
import { formatDeploy } from '../deploy/report.ts';
import { deployModes } from '../deploy/types.ts';
import { fail } from '../errors.ts';

export const command: Command = {
  name: 'deploy',
  summary: 'ship the function of a stage: package, update, test the new version, make it live',
  usage: 'layer-builder deploy --stage NAME [--mode auto|layer|s3] [--region R] [--dry-run]',
  example: 'layer-builder deploy --stage dev --mode layer --region eu-west-1',
  options: {
    stage: { type: 'string', help: 'dev, qa, prod …: the function is {service}__{stage}' },
    mode: { type: 'string', default: 'auto', help: 'loading path: auto, layer (attached) or s3 (no layer)' },
    region: { type: 'string', help: 'region (default: that of the AWS environment or profile)' },
    'dry-run': { type: 'boolean', help: 'print the plan, change nothing' },
    'no-smoke-test': { type: 'boolean', help: 'make the new version live untested' },
  },
  async run(context, { values }) {
    const stage = values['stage'];
    if (typeof stage !== 'string') {
      fail('USAGE', 'which stage? (expected --stage NAME, found nothing)', {
        hint: 'for example: --stage dev',
      });
    }
    const mode = deployModes.find(known => known === values['mode']);
    if (mode === undefined) {
      fail('USAGE', `unknown mode (expected ${deployModes.join(', ')}, found "${String(values['mode'])}")`);
    }
    const region = typeof values['region'] === 'string' ? values['region'] : await defaultRegion(context.env);
    if (region === undefined) {
      fail('REGION_REQUIRED', 'which region? (expected --region or AWS_REGION, found neither)', {
        hint: 'for example: --region eu-west-1',
      });
    }
    const clients = await openClients(context.env, region);
    try {
      const report = await deployProject(
        context.project,
        {
          stage,
          mode,
          region,
          dryRun: values['dry-run'] === true,
          smokeTest: values['no-smoke-test'] !== true,
          progress: context.progress,
        },
        {
          lambda: clients.lambda,
          call: makeCaller(clients, { signal: context.signal }),
          fallbackRole: localRole(clients.endpoint),
        },
        context.env,
      );
      return { data: report, text: formatDeploy(report) };
    } finally {
      clients.close();
    }
  },
};
