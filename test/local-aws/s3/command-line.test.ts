/** The `aws` command line against the server, unchanged, when it is installed. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startServer, temporaryFolder } from './support.ts';

// Asking `aws --version` would take the better part of a second.
const isInstalled = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .some(each => existsSync(path.join(each, 'aws')));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function startCommandLine(t: ExecutionContext) {
  const { endpoint } = await startServer(t);
  const folder = await temporaryFolder(t);
  const config = path.join(folder, 'config');
  await writeFile(config, '[default]\ns3 =\n  signature_version = s3v4\n  multipart_threshold = 6MB\n');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    AWS_CONFIG_FILE: config,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const aws = (...args: string[]) =>
    new Promise<Outcome>((resolve, reject) => {
      // Debian 12's version does not know AWS_ENDPOINT_URL yet.
      const child = spawn('aws', ['--endpoint-url', endpoint, ...args], { cwd: folder, env });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', piece => {
        output.stdout += piece;
      });
      child.stderr.on('data', piece => {
        output.stderr += piece;
      });
      child.on('error', reject);
      child.on('close', status => resolve({ status, ...output }));
    });
  return { aws, folder };
}

test('aws s3 mb, sync, ls, cp, rb and a conditional s3api put-object', async t => {
  if (!isInstalled) {
    t.log('SKIPPED: no `aws` command on the PATH, so the command line was not tried.');
    return t.pass();
  }
  const { aws, folder } = await startCommandLine(t);
  const run = async (...args: string[]) => {
    const outcome = await aws(...args);
    t.is(outcome.status, 0, `aws ${args.join(' ')}: ${outcome.stderr}`);
    return outcome.stdout;
  };
  const big = randomBytes(7_000_000);
  await mkdir(path.join(folder, 'tree', 'sub'), { recursive: true });
  await writeFile(path.join(folder, 'tree', 'big.bin'), big);
  await writeFile(path.join(folder, 'tree', 'sub', 'with space.txt'), 'hello');

  await run('s3', 'mb', 's3://cli');
  await run('s3', 'sync', '--no-progress', 'tree', 's3://cli/tree');
  t.regex(
    await run('s3', 'ls', '--recursive', 's3://cli'),
    /7000000 tree\/big\.bin\n.* 5 tree\/sub\/with space\.txt/,
  );
  await run('s3', 'cp', '--no-progress', 's3://cli/tree/big.bin', 'back.bin');
  t.true((await readFile(path.join(folder, 'back.bin'))).equals(big));
  const put = [
    's3api',
    'put-object',
    '--bucket',
    'cli',
    '--key',
    'once',
    '--body',
    'back.bin',
    '--if-none-match',
    '*',
  ];
  const first = await aws(...put);
  if (first.stderr.includes('Unknown options')) t.log('This `aws` does not know --if-none-match.');
  else {
    t.is(first.status, 0, first.stderr);
    t.regex((await aws(...put)).stderr, /PreconditionFailed/);
  }
  await run('s3', 'rb', '--force', 's3://cli');
  return undefined;
});
