/** Invocation over the wire: what a function finds, what it answers, how it fails, what is kept between calls. */
import {
  CreateAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import { type Bench, createFunction, invoke, openBench, untilReady, zipOf } from '../support.ts';

let bench: Bench;
test.before(async () => {
  bench = await openBench();
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const dependency = (name: string, text: string): Record<string, string> => ({
  [`nodejs/node_modules/${name}/package.json`]: JSON.stringify({
    name,
    version: '1.0.0',
    exports: { '.': './index.js', './sub': './sub.js' },
  }),
  [`nodejs/node_modules/${name}/index.js`]: `module.exports = ${JSON.stringify(text)};`,
  [`nodejs/node_modules/${name}/sub.js`]: `module.exports = ${JSON.stringify(`${text}/sub`)};`,
});

async function publishLayer(name: string, files: Record<string, string>): Promise<string> {
  const answer = await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: name, Content: { ZipFile: await zipOf(files) } }),
  );
  return answer.LayerVersionArn ?? '';
}

test('an ES module finds layers by import, by require and by subpath; a later layer lies over an earlier one', async t => {
  const layers = [
    await publishLayer('first', { ...dependency('one', 'first'), ...dependency('@scope/two', 'first') }),
    await publishLayer('second', dependency('one', 'second')),
  ];
  await createFunction(bench.lambda, 'layered', {
    Layers: layers,
    files: {
      'index.mjs': `
        import one from 'one';
        import sub from 'one/sub';
        import two from '@scope/two';
        import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        export const handler = async () => ({ one, sub, two, required: require('one'), place: require.resolve('one'), same: import.meta.resolve('one') });`,
    },
  });
  const { value } = await invoke(bench.lambda, 'layered');
  const { place, same, ...found } = value as Record<string, string>;
  t.deepEqual(found, { one: 'second', sub: 'second/sub', two: 'first', required: 'second' });
  t.is(same, `file://${place}`);
  if (bench.aws.sandbox.kind !== 'process') t.is(place, '/opt/nodejs/node_modules/one/index.js');
});

test('a CommonJS handler in a folder runs, and cannot require an ES module, as on Lambda', async t => {
  await createFunction(bench.lambda, 'commonjs', {
    Handler: 'src/app.run',
    files: {
      'src/app.js': `exports.run = async () => { try { require('./esm.mjs'); return 'loaded'; } catch (error) { return error.code; } };`,
      'src/esm.mjs': 'export default 1;',
    },
  });
  t.is((await invoke(bench.lambda, 'commonjs')).value, 'ERR_REQUIRE_ESM');
});

test("a function sees Lambda's environment, its own variables, and nothing of the host's", async t => {
  process.env['LOCAL_AWS_TEST_CANARY'] = 'of the host';
  const secret = `it's "quoted" $HOME \`id\` \n second line`;
  await createFunction(bench.lambda, 'environment', {
    MemorySize: 256,
    Environment: { Variables: { SECRET: secret, LD_PRELOAD: '/tmp/none.so' } },
    files: {
      'index.mjs':
        'export const handler = async (_, context) => ({ env: process.env, context: { ...context, left: context.getRemainingTimeInMillis() }, cwd: process.cwd() });',
    },
  });
  const { value } = await invoke(bench.lambda, 'environment');
  const { env, context } = value as { env: Record<string, string>; context: Record<string, string | number> };
  t.is(env['SECRET'], secret);
  t.is(env['LOCAL_AWS_TEST_CANARY'], undefined);
  t.is(env['HOME'], undefined);
  t.is(env['AWS_LAMBDA_FUNCTION_NAME'], 'environment');
  t.is(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'], '256');
  t.is(env['AWS_LAMBDA_INITIALIZATION_TYPE'], 'on-demand');
  t.is(env['AWS_EXECUTION_ENV'], 'AWS_Lambda_nodejs24.x');
  t.is(env['AWS_ENDPOINT_URL'], bench.aws.endpoint);
  t.is(env['_HANDLER'], 'index.handler');
  t.is(env['TZ'], ':UTC');
  t.regex(env['AWS_ACCESS_KEY_ID'] ?? '', /^ASIA/);
  t.truthy(env['AWS_SESSION_TOKEN']);
  t.regex(env['NODE_PATH'] ?? '', /nodejs\/node24\/node_modules:.*nodejs\/node_modules:/);
  t.is(context['functionVersion'], '$LATEST');
  t.is(context['memoryLimitInMB'], '256');
  t.is(context['invokedFunctionArn'], 'arn:aws:lambda:us-east-1:000000000000:function:environment');
  t.true(Number(context['left']) > 0 && Number(context['left']) <= 3000);
});

test('an environment is reused while warm and new after an update; the log tells the cold start', async t => {
  await createFunction(bench.lambda, 'warm', {
    files: {
      'index.mjs': `let count = 0; export const handler = async () => { console.log('hello'); return ++count; };`,
    },
  });
  const cold = await invoke(bench.lambda, 'warm');
  t.is(cold.value, 1);
  t.regex(cold.log, /^INIT_START Runtime Version: nodejs:24\.v24/);
  t.regex(cold.log, /START RequestId: [\w-]+ Version: \$LATEST\n.*\tINFO\thello\nEND RequestId/s);
  t.regex(
    cold.log,
    /REPORT RequestId: .*\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms/,
  );
  const warm = await invoke(bench.lambda, 'warm');
  t.is(warm.value, 2);
  t.notRegex(warm.log, /INIT_START|Init Duration/);
  await bench.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: 'warm', Description: 'changed' }),
  );
  await untilReady(bench.lambda, 'warm');
  t.is((await invoke(bench.lambda, 'warm')).value, 1);
  t.deepEqual(
    bench.aws.invocations.filter(one => one.functionName === 'warm').map(one => [one.cold, one.status]),
    [
      [true, 'success'],
      [false, 'success'],
      [true, 'success'],
    ],
  );
});

test('while an update is in progress the code before it serves', async t => {
  const code = (answer: string): Record<string, string> => ({
    'index.mjs': `export const handler = async () => '${answer}';`,
  });
  await createFunction(bench.lambda, 'updating', { files: code('before') });
  await bench.lambda.send(
    new UpdateFunctionCodeCommand({ FunctionName: 'updating', ZipFile: await zipOf(code('after')) }),
  );
  t.is((await invoke(bench.lambda, 'updating')).value, 'before');
  await untilReady(bench.lambda, 'updating');
  t.is((await invoke(bench.lambda, 'updating')).value, 'after');
});

test('versions keep their code and configuration, aliases choose one, and the answer names it', async t => {
  await createFunction(bench.lambda, 'versioned', {
    Environment: { Variables: { STAGE: 'one' } },
    files: {
      'index.mjs':
        'export const handler = async (_, c) => [process.env.STAGE, c.functionVersion, c.invokedFunctionArn.split(":").at(-1)];',
    },
  });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: 'versioned' }));
  await bench.lambda.send(
    new CreateAliasCommand({ FunctionName: 'versioned', Name: 'live', FunctionVersion: '1' }),
  );
  await bench.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: 'versioned',
      Environment: { Variables: { STAGE: 'two' } },
    }),
  );
  await untilReady(bench.lambda, 'versioned');
  const live = await invoke(bench.lambda, 'versioned', {}, 'live');
  t.deepEqual(live.value, ['one', '1', 'live']);
  t.is(live.version, '1');
  t.deepEqual((await invoke(bench.lambda, 'versioned')).value, ['two', '$LATEST', 'versioned']);
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: 'versioned' }));
  const shift = { RoutingConfig: { AdditionalVersionWeights: { 2: 1 } } };
  await bench.lambda.send(new UpdateAliasCommand({ FunctionName: 'versioned', Name: 'live', ...shift }));
  t.is(
    (await invoke(bench.lambda, 'versioned', {}, 'live')).version,
    '2',
    'with a weight of 1 always the other version',
  );
  const described = await bench.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: 'versioned', Qualifier: 'live' }),
  );
  t.deepEqual(
    described.Environment?.Variables,
    { STAGE: 'one' },
    'what is described is where the alias points',
  );
});

const crashing = `
  import { existsSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  const mark = (process.env.TMPDIR ?? '/tmp') + '/mark';
  export const handler = async event => {
    if (event.mark) writeFileSync(mark, 'x');
    if (event.exit !== undefined) process.exit(event.exit);
    if (event.abort) process.abort();
    if (event.throw) throw new RangeError('thrown on purpose');
    if (event.hang) await new Promise(resolve => setTimeout(resolve, 60_000));
    if (event.large) return 'x'.repeat(7 * 1024 * 1024);
    return existsSync(mark);
  };`;

test('a function that fails answers with the error Lambda gives, and /tmp outlives the process', async t => {
  await createFunction(bench.lambda, 'crashing', {
    Timeout: 2,
    MemorySize: 1769,
    files: { 'index.mjs': crashing },
  });
  const fails = async (event: unknown): Promise<{ errorType: string; errorMessage: string; log: string }> => {
    const { error, value, log } = await invoke(bench.lambda, 'crashing', event);
    t.is(error, 'Unhandled');
    return { ...(value as { errorType: string; errorMessage: string }), log };
  };
  const thrown = await fails({ throw: 1 });
  t.is(thrown.errorType, 'RangeError');
  t.is(thrown.errorMessage, 'thrown on purpose');

  const large = await fails({ large: 1 });
  t.is(large.errorType, 'Function.ResponseSizeTooLarge');

  const exited = await fails({ exit: 3, mark: 1 });
  t.is(exited.errorType, 'Runtime.ExitError');
  t.regex(exited.errorMessage, /^RequestId: [\w-]+ Error: Runtime exited with error: exit status 3$/);
  t.is((await invoke(bench.lambda, 'crashing')).value, true, '/tmp is kept for the re-init');

  t.regex((await fails({ abort: 1 })).errorMessage, /signal: aborted$/);
  t.regex((await fails({ exit: 0 })).errorMessage, /Runtime exited without providing a reason$/);

  const late = await fails({ hang: 1 });
  t.is(late.errorType, 'Sandbox.Timedout');
  t.regex(late.errorMessage, /Error: Task timed out after 2\.00 seconds$/);
  t.regex(late.log, /Task timed out after 2\.00 seconds\n\nEND RequestId: .*\nREPORT .*Status: timeout/);
  if (process.platform === 'linux') t.regex(late.log, /Max Memory Used: [1-9]\d* MB/);
  const after = await invoke(bench.lambda, 'crashing');
  t.is(after.value, true);
  t.regex(after.log, /INIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\tStatus: success/);
});

test('a failing init is tried once more inside the invocation and then answered', async t => {
  await createFunction(bench.lambda, 'bad-init', {
    files: { 'index.mjs': `throw new TypeError('no start');` },
  });
  const { value, error, log } = await invoke(bench.lambda, 'bad-init');
  t.is(error, 'Unhandled');
  t.is((value as { errorType: string }).errorType, 'TypeError');
  t.is(log.split('no start').length - 1 >= 2, true);
  t.regex(log, /Phase: init\tStatus: error\tError Type: TypeError/);
  await createFunction(bench.lambda, 'no-handler', { Handler: 'index.missing' });
  t.is(
    ((await invoke(bench.lambda, 'no-handler')).value as { errorType: string }).errorType,
    'Runtime.HandlerNotFound',
  );
});

test('AWS_LAMBDA_EXEC_WRAPPER starts the runtime, whose command it is given', async t => {
  if (bench.aws.sandbox.kind === 'process') {
    t.log('SKIPPED: a plain process has no /opt');
    t.pass();
    return;
  }
  const layer = await publishLayer('wrapper', { 'wrap.sh': '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n' });
  await createFunction(bench.lambda, 'wrapped', {
    Layers: [layer],
    Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap.sh' } },
    files: { 'index.mjs': 'export const handler = async () => [process.env.WRAPPED, process.argv0];' },
  });
  t.deepEqual((await invoke(bench.lambda, 'wrapped')).value, ['yes', '/var/lang/bin/node']);
});

test('a handler with a callback is refused, as Node 24 on Lambda does', async t => {
  await createFunction(bench.lambda, 'callback', {
    files: { 'index.js': 'exports.handler = (event, context, done) => done(null, 1);' },
  });
  const refused = (await invoke(bench.lambda, 'callback')).value as { errorType: string };
  t.is(refused.errorType, 'Runtime.CallbackHandlerDeprecated');
});

test('nodejs22.x runs on Node 22, with layers of node22 before the common ones', async t => {
  const layer = await publishLayer('for-22', {
    'nodejs/node22/node_modules/it/index.js': 'module.exports = "node22";',
    'nodejs/node_modules/it/index.js': 'module.exports = "any";',
  });
  await createFunction(bench.lambda, 'on-22', {
    Runtime: 'nodejs22.x',
    Layers: [layer],
    files: {
      'index.mjs': `import it from 'it'; export const handler = async () => [process.version.split('.')[0], it];`,
    },
  });
  if (bench.lines.some(line => line.includes('no Node 22 here'))) {
    return t.log('SKIPPED: no Node 22, npm could not bring one');
  }
  t.deepEqual((await invoke(bench.lambda, 'on-22')).value, ['v22', 'node22']);
});

test('concurrent requests get environments of their own, as many as are reserved', async t => {
  await createFunction(bench.lambda, 'parallel', {
    files: {
      'index.mjs': `const id = Math.random(); export const handler = async event => { await new Promise(r => setTimeout(r, event.ms)); return id; };`,
    },
  });
  const [a, b] = await Promise.all([
    invoke(bench.lambda, 'parallel', { ms: 300 }),
    invoke(bench.lambda, 'parallel', { ms: 300 }),
  ]);
  t.not(a?.value, b?.value);
  await bench.lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: 'parallel', ReservedConcurrentExecutions: 0 }),
  );
  await t.throwsAsync(invoke(bench.lambda, 'parallel'), {
    name: 'TooManyRequestsException',
    message: /Rate Exceeded/,
  });
});

test('a dry run runs nothing, an event is accepted at once and runs later', async t => {
  await createFunction(bench.lambda, 'eventual');
  const dry = await bench.lambda.send(
    new InvokeCommand({ FunctionName: 'eventual', InvocationType: 'DryRun' }),
  );
  t.is(dry.StatusCode, 204);
  const ran = new Promise<string>(resolve => {
    const stop = bench.aws.onInvocation(record => {
      if (record.functionName !== 'eventual') return;
      stop();
      resolve(record.status);
    });
  });
  const accepted = await bench.lambda.send(
    new InvokeCommand({ FunctionName: 'eventual', InvocationType: 'Event', Payload: '{}' }),
  );
  t.is(accepted.StatusCode, 202);
  t.is(await ran, 'success');
});

test('an event that fails is tried again, and what came of it goes to the function that is its destination', async t => {
  const fails = `export const handler = async event => { if (event.fail) throw new RangeError('on purpose'); return 'well'; };`;
  await createFunction(bench.lambda, 'failing-event', { files: { 'index.mjs': fails } });
  await createFunction(bench.lambda, 'taker', {
    files: {
      'index.mjs': `export const handler = async event => { console.log('TAKEN', JSON.stringify(event)); };`,
    },
  });
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function';
  const to = { Destination: `${arn}:taker` };
  await bench.lambda.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'failing-event',
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnSuccess: to, OnFailure: to },
    }),
  );
  const taken = async (event: { fail: boolean }) => {
    const told = new Promise<string>(resolve => {
      const stop = bench.aws.onInvocation(({ functionName, logTail }) => {
        if (functionName !== 'taker') return;
        stop();
        resolve(logTail);
      });
    });
    const Payload = JSON.stringify(event);
    await bench.lambda.send(
      new InvokeCommand({ FunctionName: 'failing-event', InvocationType: 'Event', Payload }),
    );
    return JSON.parse(/TAKEN (.*)/.exec(await told)?.[1] ?? '');
  };
  const failed = await taken({ fail: true });
  t.like(failed.requestContext, {
    functionArn: `${arn}:failing-event:$LATEST`,
    condition: 'RetriesExhausted',
    approximateInvokeCount: 2,
  });
  t.deepEqual(failed.requestPayload, { fail: true });
  t.deepEqual(failed.responseContext, {
    statusCode: 200,
    executedVersion: '$LATEST',
    functionError: 'Unhandled',
  });
  t.is(failed.responsePayload.errorType, 'RangeError');
  const well = await taken({ fail: false });
  t.like(well, {
    requestContext: { condition: 'Success', approximateInvokeCount: 1 },
    responsePayload: 'well',
  });
  t.deepEqual(well.responseContext, { statusCode: 200, executedVersion: '$LATEST' });
});

test('a streamed response arrives in chunks, and an error in the middle is told at the end', async t => {
  await createFunction(bench.lambda, 'streaming', {
    files: {
      'index.mjs': `export const handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.write('first ');
        if (event.fail) throw new Error('midway');
        stream.write('second');
        stream.end();
      });`,
    },
  });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: 'streaming' }));
  const alias = { FunctionName: 'streaming', Name: 'live', FunctionVersion: '1' };
  await bench.lambda.send(new CreateAliasCommand(alias));
  const read = async (event: unknown): Promise<{ text: string; error: string | undefined }> => {
    const answer = await bench.lambda.send(
      new InvokeWithResponseStreamCommand({
        FunctionName: 'streaming',
        Qualifier: 'live',
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
    t.is(answer.ExecutedVersion, '1');
    let text = '';
    let error: string | undefined;
    for await (const part of answer.EventStream ?? []) {
      if (part.PayloadChunk) text += Buffer.from(part.PayloadChunk.Payload ?? []).toString();
      if (part.InvokeComplete) error = part.InvokeComplete.ErrorDetails;
    }
    return { text, error };
  };
  t.deepEqual(await read({}), { text: 'first second', error: undefined });
  const failed = await read({ fail: 1 });
  t.is(failed.text, 'first ');
  t.regex(failed.error ?? '', /midway/);
});

test('what is no JSON, too large, unknown or unsigned is refused with the name Lambda uses', async t => {
  await createFunction(bench.lambda, 'strict');
  const send = (input: Partial<ConstructorParameters<typeof InvokeCommand>[0]>): Promise<unknown> =>
    bench.lambda.send(new InvokeCommand({ FunctionName: 'strict', ...input }));
  await t.throwsAsync(send({ Payload: 'no json' }), { name: 'InvalidRequestContentException' });
  await t.throwsAsync(send({ Payload: `"${'x'.repeat(6_291_456)}"` }), { name: 'RequestTooLargeException' });
  await t.throwsAsync(send({ FunctionName: 'nobody' }), {
    name: 'ResourceNotFoundException',
    message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody',
  });
  await t.throwsAsync(send({ Qualifier: '7' }), { name: 'ResourceNotFoundException' });
  const unsigned = await fetch(`${bench.aws.endpoint}/2015-03-31/functions/strict/invocations`, {
    method: 'POST',
    body: '{}',
  });
  t.is(unsigned.status, 403);
  t.is(unsigned.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException');
});
