/** R4: where credentials come from, and what is no credential. */
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { readCredentials } from '../../../handler/download/credentials.ts';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { loaderWorld } from '../../support/loader-world.ts';

test('credentials come from the environment first', async t => {
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1',
  };
  t.deepEqual(await readCredentials(env, 100), { accessKeyId: 'a', secretAccessKey: 'b' });
  t.deepEqual(await readCredentials({ ...env, AWS_SESSION_TOKEN: 'c' }, 100), {
    accessKeyId: 'a',
    secretAccessKey: 'b',
    sessionToken: 'c',
  });
});

test('credentials come from the container endpoint, with its token, the file’s first', async t => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{"AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"2030-01-01T00:00:00Z"}');
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/creds`;
  const file = path.join(loaderWorld(t, uri).folder, 'token');
  fs.writeFileSync(file, 'from-file\n');
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'plain' };
  const expected = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' };
  t.deepEqual(await readCredentials(env, 2000), expected);
  t.deepEqual(
    await readCredentials({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }, 2000),
    expected,
  );
  t.deepEqual(seen, ['plain', 'from-file']);
});

const noCredentials: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  'none at all': {},
  'a key without a secret': { AWS_ACCESS_KEY_ID: 'a' },
  'a session token with a line break': {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_SESSION_TOKEN: 'c\r\nx-evil: 1',
  },
  'an endpoint on a foreign host': { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://evil.example/creds' },
  'an endpoint that is no address': { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'nonsense' },
  'a container token with a line break': {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/',
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a\r\nb',
  },
  'a token file that is missing': {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nowhere',
  },
  'a relative address that nobody serves': {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '@evil.example/creds?a=b',
  },
  'an endpoint that nobody serves': { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' },
};

for (const [title, env] of Object.entries(noCredentials)) {
  test(`${title}: DEPS_CREDS`, async t => {
    await t.throwsAsync(readCredentials(env, 500), { code: 'DEPS_CREDS' });
  });
}

type Answer = [status: number, body: string];
const good: Answer = [200, '{"AccessKeyId":"a","SecretAccessKey":"secret-of-the-container"}'];

/** A container endpoint that gives these answers, the last one for ever; it counts. */
async function container(t: ExecutionContext, ...answers: readonly Answer[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(requests, answers.length - 1)] as Answer;
    requests += 1;
    if (status === 0) request.socket.resetAndDestroy();
    else response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const read = () => readCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, 10_000);
  return { read, requests: () => requests };
}

const cures: Readonly<Record<string, Answer>> = {
  'refuses a burst': [429, ''],
  'has trouble': [500, '{}'],
  'breaks the connection': [0, ''],
  'answers no JSON': [200, '<html>'],
};
for (const [title, answer] of Object.entries(cures)) {
  test(`a container endpoint that ${title} is asked again, three times in all`, async t => {
    const { read, requests } = await container(t, answer, good);
    t.like(await read(), { accessKeyId: 'a', secretAccessKey: 'secret-of-the-container' });
    t.is(requests(), 2);
    const forEver = await container(t, answer);
    await t.throwsAsync(forEver.read(), {
      code: 'DEPS_CREDS',
      message: /container endpoint at 127\.0\.0\.1/,
    });
    t.is(forEver.requests(), 3);
  });
}

const badAnswers: Readonly<Record<string, Answer>> = {
  refuses: [403, '{"code":"AccessDenied"}'],
  'answers without a secret': [200, '{"AccessKeyId":"a"}'],
  'answers with an empty secret': [200, '{"AccessKeyId":"a","SecretAccessKey":""}'],
  'answers a list': [200, '[]'],
  'answers at great length': [200, ' '.repeat(70_000)],
};
for (const [title, answer] of Object.entries(badAnswers)) {
  test(`a container endpoint that ${title} is not asked again: DEPS_CREDS`, async t => {
    const { read, requests } = await container(t, answer);
    const error = await t.throwsAsync<HandlerError>(read(), { code: 'DEPS_CREDS' });
    t.regex(error.hint ?? '', /execution role/);
    t.is(requests(), 1);
  });
}

test('an answer that is cut short does not show in the error', async t => {
  const { read } = await container(t, [200, good[1].slice(0, -2)]);
  const error = await t.throwsAsync<HandlerError>(read(), { code: 'DEPS_CREDS', message: /no JSON/ });
  t.false(JSON.stringify([error.message, error.details, String(error.cause)]).includes('secret-of'));
});

test('DEPS_CREDS names what was to be loaded', async t => {
  const made = await makeArtifact(smallPackage);
  const { settings } = loaderWorld(t, 'http://127.0.0.1:1', {
    credentials: timeoutMs => readCredentials({}, timeoutMs),
  });
  const error = await t.throwsAsync<HandlerError>(resolveDependencies(lockOf([made.artifact]), settings), {
    code: 'DEPS_CREDS',
  });
  const { digest, s3 } = made.artifact;
  t.like(error.details, { artifact: 'core', bucket: 'artifacts', key: s3.key, region: 'us-east-1', digest });
});
