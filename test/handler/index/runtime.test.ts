/** The packaged handler under Lambda's own runtime client, behind real function URLs of local-aws. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { AddPermissionCommand, CreateFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import test from 'ava';
import { bundleHandler } from '../../../layer-builder/package/handler.ts';
import type { Bench } from '../../local-aws/support.ts';
import { createFunction, invoke, openBench } from '../../local-aws/support.ts';

const lock = JSON.stringify({
  formatVersion: 1,
  service: 'demo',
  runtime: 'nodejs24.x',
  architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  artifacts: [],
});
const app = `
  export const app = async (request, response) => {
    response.setHeader('content-type', 'text/plain');
    if (request.url === '/cookies') response.appendHeader('set-cookie', 'a=1').appendHeader('set-cookie', 'b=2');
    if (request.url === '/throw') throw new Error('inside');
    response.write('first ');
    if (request.url === '/broken') return response.destroy(new Error('inside'));
    if (request.url === '/large') {
      for (let piece = 0; piece < 80; piece += 1) {
        if (!response.write('x'.repeat(100_000))) await new Promise(resolve => response.once('drain', resolve));
      }
    }
    response.end(request.method + ' ' + decodeURIComponent(request.url) + ' ' + request.body);
  };`;

let bench: Bench;
const urls: Record<string, string> = {};

test.before(async () => {
  bench = await openBench();
  const modules = (await bundleHandler()).map(file => [file.path, file.bytes.toString()]);
  const files = { ...Object.fromEntries(modules), 'deps.lock.json': lock, 'app.mjs': app };
  for (const [name, mode] of [
    ['handler', 'BUFFERED'],
    ['stream', 'RESPONSE_STREAM'],
  ] as const) {
    await createFunction(bench.lambda, name, { files, Handler: `index.${name}`, Timeout: 20 });
    const { FunctionUrl = '' } = await bench.lambda.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: 'NONE', InvokeMode: mode }),
    );
    const at = { FunctionName: name, Principal: '*' };
    await bench.lambda.send(
      new AddPermissionCommand({
        ...at,
        StatementId: 'url',
        Action: 'lambda:InvokeFunctionUrl',
        FunctionUrlAuthType: 'NONE',
      }),
    );
    await bench.lambda.send(
      new AddPermissionCommand({
        ...at,
        StatementId: 'function',
        Action: 'lambda:InvokeFunction',
        InvokedViaFunctionUrl: true,
      }),
    );
    urls[name] = FunctionUrl;
  }
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function ask(name: string, path: string, body = ''): Promise<IncomingMessage> {
  const sent = request(new URL(path, urls[name]), { method: body === '' ? 'GET' : 'POST' });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
}

for (const name of ['handler', 'stream']) {
  test(`index.${name}: path, body and both cookies pass`, async t => {
    const answer = await ask(name, '/a%20b%2Fc?x=%26', 'ünï');
    t.is(answer.statusCode, 200);
    t.is(await text(answer), 'first POST /a b/c?x=& ünï');
    t.truthy(answer.headers['x-request-id']);
    const cookies = await ask(name, '/cookies');
    t.deepEqual(cookies.headers['set-cookie'], ['a=1', 'b=2']);
    cookies.resume();
  });

  test(`index.${name}: an exception before the first byte is a 500`, async t => {
    const answer = await ask(name, '/throw');
    t.is(answer.statusCode, 500);
    t.is((JSON.parse(await text(answer)) as { detail: string }).detail, 'Internal server error');
  });
}

test('index.handler: an answer over the limit is a 413, index.stream sends it', async t => {
  const buffered = await ask('handler', '/large');
  t.is(buffered.statusCode, 413);
  buffered.resume();
  const streamed = await ask('stream', '/large');
  t.is(streamed.statusCode, 200);
  t.is((await text(streamed)).length, 'first '.length + 8_000_000 + 'GET /large '.length);
});

test('index.handler: a stream that fails midway fails the invocation', async t => {
  const answer = await ask('handler', '/broken');
  t.is(answer.statusCode, 502);
  answer.resume();
});

test('the line of the cold start and of each request is in the log, a direct invoke gets its 400', async t => {
  const { value, log } = await invoke(bench.lambda, 'handler', { any: 'thing' });
  t.deepEqual(value, { statusCode: 400, body: '{"error":"Invalid Lambda event format"}' });
  t.regex(log, /an event that is no HTTP request/);
});
