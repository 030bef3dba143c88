/** Starting and stopping the program: ports, sandbox, loopback, one endpoint for S3 and Lambda. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import test, { type ExecutionContext } from 'ava';
import { startLocalAws } from '../../../local-aws/index.ts';
import { createFunction, openBench } from '../support.ts';

async function occupied(t: ExecutionContext): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

function folder(t: ExecutionContext): string {
  const data = mkdtempSync(join(tmpdir(), 'local-aws-start-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

for (const option of ['port', 'urlPort'] as const) {
  test(`a taken ${option} is told with its number and its option, and nothing stays open`, async t => {
    const port = await occupied(t);
    const error = await t.throwsAsync(
      startLocalAws({ port: 0, urlPort: 0, data: folder(t), sandbox: 'process', [option]: port }),
      { code: 'PORT_TAKEN', message: `port ${port} of 127.0.0.1 is taken` },
    );
    t.deepEqual((error as { details?: unknown } | undefined)?.details, { port, option });
  });
}

test('a sandbox that cannot be had is refused with the reason, and auto always finds one', async t => {
  const wanted = process.platform === 'linux' && process.getuid?.() === 0 ? 'bwrap' : 'unshare';
  const started = await startLocalAws({ port: 0, urlPort: 0, data: folder(t), sandbox: wanted }).catch(
    error => error,
  );
  if ('close' in started) await started.close();
  else t.is(started.code, 'SANDBOX_UNAVAILABLE');
  const auto = await startLocalAws({ port: 0, urlPort: 0, data: folder(t) });
  t.true(auto.sandbox.isolated.startsWith(`${auto.sandbox.kind}: `));
  await auto.close();
});

test('a damaged record is named and not thrown away', async t => {
  const data = folder(t);
  const first = await startLocalAws({ port: 0, urlPort: 0, data, sandbox: 'process' });
  await first.close();
  const path = join(data, 'lambda/functions/broken.json');
  writeFileSync(path, '{ half');
  await t.throwsAsync(startLocalAws({ port: 0, urlPort: 0, data, sandbox: 'process' }), {
    code: 'DATA_UNREADABLE',
    message: new RegExp(`${path}$`),
  });
});

test('the first function URL is at urlPort and the next ones follow', async t => {
  const urlPort = await new Promise<number>(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
  await using bench = await openBench({ sandbox: 'process', urlPort });
  const ports: number[] = [];
  for (const name of ['one', 'two']) {
    await createFunction(bench.lambda, name);
    const { FunctionUrl = '' } = await bench.lambda.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: 'NONE' }),
    );
    ports.push(Number(new URL(FunctionUrl).port));
  }
  t.is(ports[0], urlPort);
  t.true((ports[1] ?? 0) > urlPort);
});

test('it answers on loopback only; what is no operation of Lambda says so', async t => {
  await using bench = await openBench({ sandbox: 'process' });
  const { port } = new URL(bench.aws.endpoint);
  const others = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(one => !one.internal && one.family === 'IPv4');
  for (const { address } of others)
    await t.throwsAsync(fetch(`http://${address}:${port}/`), undefined, address);
  const unknown = await fetch(`${bench.aws.endpoint}/2015-03-31/functions/f/nothing`);
  t.deepEqual([unknown.status, unknown.headers.get('x-amzn-errortype')], [404, 'UnknownOperationException']);
  const s3 = await fetch(`${bench.aws.endpoint}/`);
  t.regex(await s3.text(), /<Code>AccessDenied<\/Code>/);
});
