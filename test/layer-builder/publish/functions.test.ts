/** FAULTS.md D14 and D15: functions that somebody or something else is changing. */
import { createHash } from 'node:crypto';
import {
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import type { CodedError } from '../../../artifact/error.ts';
import { makeCaller } from '../../../layer-builder/aws/calls.ts';
import { openClients } from '../../../layer-builder/aws/clients.ts';
import { readFunction } from '../../../layer-builder/aws/function-read.ts';
import { openSide } from '../../../layer-builder/aws/side-access.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';
import type { DeployAccess } from '../../../layer-builder/deploy/apply.ts';
import { applyDeploy } from '../../../layer-builder/deploy/apply.ts';
import { planDeploy } from '../../../layer-builder/deploy/plan.ts';
import { readStage, rollbackStage } from '../../../layer-builder/deploy/stages.ts';
import type { DesiredFunction } from '../../../layer-builder/deploy/types.ts';
import type { World } from './world.ts';
import { region, startWorld } from './world.ts';

let world: World;
let aws: DeployAccess & { close(): void };
test.before(async () => {
  world = await startWorld();
  const clients = await openClients(world.env, region);
  const side = openSide(clients, world.env);
  aws = { lambda: clients.lambda, call: makeCaller(clients), side, close: clients.close };
});
test.after.always(async () => {
  aws?.close();
  await world?.close();
});
test.afterEach.always(() => world?.proxy.reset());

async function wanted(name: string, code: string, memory: number) {
  const zip = await writeZip([fileOf('index.mjs', `export const handler = () => ${code};`)]);
  const desired: DesiredFunction = {
    ...{
      name,
      url: undefined,
      tags: {},
      reservedConcurrency: undefined,
      ownRole: undefined,
      logs: undefined,
    },
    release: { shift: [], bake: 1, alarms: [] },
    settings: {
      codeSha256: createHash('sha256').update(zip).digest('base64'),
      ...{
        runtime: 'nodejs24.x',
        architecture: 'x86_64',
        handler: 'index.handler',
        memory,
        timeout: 30,
        tmp: 512,
      },
      ...{ role: 'arn:aws:iam::000000000000:role/test', environment: {}, layers: [], tracing: 'PassThrough' },
    },
  };
  return { desired, zip };
}

async function deploy({ desired, zip }: Awaited<ReturnType<typeof wanted>>, meanwhile = async () => {}) {
  const actual = await readFunction(aws, desired.name);
  await meanwhile();
  return await applyDeploy(
    aws,
    planDeploy(desired, actual),
    desired,
    actual,
    {},
    {
      zip,
      smokePaths: [],
      progress: () => {},
    },
  );
}

test.serial(
  'D14 an update under way is waited for before anything is changed; code goes before configuration',
  async t => {
    await deploy(await wanted('d14', '1', 128));
    const { $metadata: _, ...present } = await world.direct.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'd14' }),
    );
    world.proxy.reset();
    let busy = 3;
    world.proxy.script = ({ action }) =>
      action === 'lambda:GET functions/d14/configuration' && busy-- > 0
        ? { kind: 'answer', status: 200, code: '', body: { ...present, LastUpdateStatus: 'InProgress' } }
        : undefined;
    await deploy(await wanted('d14', '2', 256));
    const calls = world.proxy.calls.map(({ action }) => action);
    const code = calls.indexOf('lambda:PUT functions/d14/code');
    const configuration = calls.indexOf('lambda:PUT functions/d14/configuration');
    const asked = calls.slice(0, code).filter(action => action === 'lambda:GET functions/d14/configuration');
    t.true(asked.length >= 4);
    t.true(code < configuration);
  },
);

test.serial(
  'D15 a function changed by somebody else meanwhile is DEPLOY_CONFLICT; deployed anew it converges',
  async t => {
    await deploy(await wanted('d15', '1', 128));
    const somebody = async () => {
      const { lambda } = world.direct;
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'd15', Timeout: 7 }));
      const waiter = { client: lambda, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 };
      await waitUntilFunctionUpdatedV2(waiter, { FunctionName: 'd15' });
    };
    const error = await t.throwsAsync<CodedError>(deploy(await wanted('d15', '1', 256), somebody));
    t.is(error?.code, 'DEPLOY_CONFLICT');
    const now = () => world.direct.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'd15' }));
    const after = await now();
    t.is(after.Timeout, 7);
    t.is(after.MemorySize, 128);
    await deploy(await wanted('d15', '1', 256));
    t.is((await now()).MemorySize, 256);
  },
);

test.serial(
  'an update that failed, and a function that sleeps, stop neither deployment nor rollback',
  async t => {
    await deploy(await wanted('failed', '1', 128));
    await deploy(await wanted('failed', '2', 128));
    const { $metadata: _, ...present } = await world.direct.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'failed' }),
    );
    const asLambdaSays = (state: object) => {
      let first = true;
      world.proxy.reset();
      world.proxy.script = ({ action }) => {
        if (action !== 'lambda:GET functions/failed/configuration' || !first) return undefined;
        first = false;
        return { kind: 'answer', status: 200, code: '', body: { ...present, ...state } };
      };
    };
    const failure = { LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'the key cannot be used' };
    asLambdaSays(failure);
    t.is((await readStage(aws, 'failed')).failure, 'the key cannot be used');
    asLambdaSays(failure);
    t.is((await rollbackStage(aws, 'failed', undefined, [])).to, '1');
    asLambdaSays(failure);
    await deploy(await wanted('failed', '2', 128));
    const updates = world.proxy.calls.filter(
      ({ action }) => action === 'lambda:PUT functions/failed/configuration',
    );
    t.is(updates.length, 1, 'the update is made again');
    asLambdaSays({ State: 'Inactive' });
    t.is((await readStage(aws, 'failed')).failure, undefined);
  },
);

test.serial('a move of the alias whose answer is lost is not taken for somebody else’s', async t => {
  await deploy(await wanted('lost', '1', 128));
  let lost = false;
  world.proxy.script = ({ action }) => {
    if (action !== 'lambda:PUT functions/lost/aliases/live' || lost) return undefined;
    lost = true;
    return { kind: 'drop-reply' };
  };
  t.is((await deploy(await wanted('lost', '2', 128))).version, '2');
  t.true(lost);
  t.is((await readStage(aws, 'lost')).version, '2');
});
