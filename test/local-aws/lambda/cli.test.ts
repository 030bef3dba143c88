/** The `aws` command line against local-aws, unchanged; skipped loudly where it is not installed. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { findProgram } from '../../../local-aws/sandbox/shell.ts';
import { openBench, role, untilReady, zipOf } from '../support.ts';

const run = promisify(execFile);

test('aws lambda publish-layer-version, create-function and invoke work', async t => {
  if (!findProgram('aws')) {
    t.log('SKIPPED: no aws command line here');
    t.pass();
    return;
  }
  await using bench = await openBench({ sandbox: 'process' });
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-cli-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, 'layer.zip'),
    await zipOf({ 'nodejs/node_modules/one/index.js': 'module.exports = 1;' }),
  );
  await writeFile(
    join(folder, 'code.zip'),
    await zipOf({
      'index.mjs': `import one from 'one'; export const handler = async event => ({ one, event });`,
    }),
  );
  const { accessKeyId, secretAccessKey } = bench.aws.credentials;
  // Debian 12's version does not know AWS_ENDPOINT_URL yet.
  const at = ['--endpoint-url', bench.aws.endpoint];
  const aws = async (...args: string[]): Promise<string> => {
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
    };
    return (
      await run('aws', [...at, 'lambda', ...args, '--output', 'text'], { cwd: folder, env })
    ).stdout.trim();
  };
  const arn = await aws(
    'publish-layer-version',
    '--layer-name',
    'cli',
    '--zip-file',
    'fileb://layer.zip',
    '--query',
    'LayerVersionArn',
  );
  t.is(arn, 'arn:aws:lambda:us-east-1:000000000000:layer:cli:1');
  const create = [
    '--role',
    role,
    '--runtime',
    'nodejs24.x',
    '--handler',
    'index.handler',
    '--layers',
    arn,
    '--zip-file',
    'fileb://code.zip',
  ];
  t.is(await aws('create-function', '--function-name', 'cli', ...create, '--query', 'State'), 'Pending');
  await untilReady(bench.lambda, 'cli');
  t.is(await aws('invoke', '--function-name', 'cli', '--query', 'StatusCode', 'out.json'), '200');
  t.deepEqual(JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')), { one: 1, event: {} });
});
