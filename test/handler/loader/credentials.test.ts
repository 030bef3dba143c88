/** R4: where credentials come from, and what is no credential. */
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { containerUrl, readCredentials } from '../../../handler/download/credentials.ts';
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
    t.is(request.headers.accept, 'application/json');
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

const anywhere = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' };
const noCredentials: Readonly<Record<string, [env: NodeJS.ProcessEnv, says: RegExp]>> = {
  'none at all': [{}, /^no credentials \(expected AWS_ACCESS_KEY_ID and .* container endpoint\)/],
  'a key without a secret': [{ AWS_ACCESS_KEY_ID: 'a' }, /^no credentials/],
  'a secret without a key': [{ AWS_SECRET_ACCESS_KEY: 'b' }, /^no credentials/],
  'a key that no header may hold': [
    { AWS_ACCESS_KEY_ID: 'a\nb', AWS_SECRET_ACCESS_KEY: 'b' },
    /^the credentials are not complete/,
  ],
  'a session token with a line break': [
    { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c\r\nx-evil: 1' },
    /^the session token holds characters/,
  ],
  'a container token with a line break': [
    { ...anywhere, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a\r\nb' },
    /^the container authorization token holds a line break/,
  ],
  'a token file that is missing': [
    { ...anywhere, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nowhere' },
    /container endpoint at 127\.0\.0\.1:1 .*ENOENT/,
  ],
  'an endpoint that nobody serves': [anywhere, /container endpoint at 127\.0\.0\.1:1 .*ECONNREFUSED/],
};

for (const [title, [env, message]] of Object.entries(noCredentials)) {
  test(`${title}: DEPS_CREDS`, async t => {
    const error = await t.throwsAsync<HandlerError>(readCredentials(env, 10_000), {
      code: 'DEPS_CREDS',
      message,
    });
    t.regex(error.hint ?? '', /execution role/);
  });
}

const endpoints: readonly [name: 'RELATIVE' | 'FULL', uri: string, url: string | undefined][] = [
  ['RELATIVE', '/v2/credentials/0-1', 'http://169.254.170.2/v2/credentials/0-1'],
  ['RELATIVE', 'get?id=1&x=/2', 'http://169.254.170.2/get?id=1&x=/2'],
  ['RELATIVE', '@evil.example/creds', 'http://169.254.170.2/@evil.example/creds'],
  ['RELATIVE', '//evil.example/creds', 'http://169.254.170.2//evil.example/creds'],
  ['FULL', 'https://any.example/creds', 'https://any.example/creds'],
  ['FULL', 'http://127.0.0.1:1/', 'http://127.0.0.1:1/'],
  ['FULL', 'http://localhost/creds', 'http://localhost/creds'],
  ['FULL', 'http://[::1]/creds', 'http://[::1]/creds'],
  ['FULL', 'http://169.254.170.2/creds', 'http://169.254.170.2/creds'],
  ['FULL', 'http://169.254.170.23/v1/credentials', 'http://169.254.170.23/v1/credentials'],
  ['FULL', 'http://[fd00:ec2::23]/v1/credentials', 'http://[fd00:ec2::23]/v1/credentials'],
  ['FULL', 'http://evil.example/creds', undefined],
  ['FULL', 'http://169.254.169.254/latest', undefined],
  ['FULL', 'http://127.0.0.1.evil.example/', undefined],
  ['FULL', 'ftp://127.0.0.1/', undefined],
  ['FULL', 'nonsense', undefined],
];

for (const [name, uri, expected] of endpoints) {
  test(`AWS_CONTAINER_CREDENTIALS_${name}_URI=${uri} is ${expected ?? 'refused'}`, t => {
    const ask = () => containerUrl({ [`AWS_CONTAINER_CREDENTIALS_${name}_URI`]: uri })?.href;
    if (expected !== undefined) t.is(ask(), expected);
    else t.throws(ask, { code: 'DEPS_CREDS', message: /https, or http on 127\.0\.0\.1, localhost, \[::1\]/ });
  });
}

test('without a variable there is no container endpoint; the relative one comes first', t => {
  t.is(containerUrl({ AWS_CONTAINER_CREDENTIALS_FULL_URI: '' }), undefined);
  const both = { ...anywhere, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/a' };
  t.is(containerUrl(both)?.href, 'http://169.254.170.2/a');
});

type Answer = [status: number, body: string];
const good: Answer = [200, '{"AccessKeyId":"a","SecretAccessKey":"secret-of-the-container"}'];

/** A container endpoint that gives these answers, the last one for ever; it counts. */
async function container(t: ExecutionContext, ...answers: readonly Answer[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(requests, answers.length - 1)] as Answer;
    requests += 1;
    if (status === 0) request.socket.resetAndDestroy();
    else if (status < 0) response.writeHead(200).write(body);
    else response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close().closeAllConnections());
  await new Promise(resolve => server.once('listening', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const read = (ms = 10_000) => readCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, ms);
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

const badAnswers: Readonly<Record<string, [...Answer, says: RegExp]>> = {
  refuses: [403, good[1], /expected status 200, found 403/],
  'answers without a secret': [200, '{"AccessKeyId":"a"}', /not complete/],
  'answers with an empty secret': [200, '{"AccessKeyId":"a","SecretAccessKey":""}', /not complete/],
  'answers with a number': [200, '{"AccessKeyId":1,"SecretAccessKey":"b"}', /not complete/],
  'answers a list': [200, '[]', /not complete/],
  'answers at great length': [200, good[1].padEnd(65_537), /too long \(expected ≤ 65536 bytes\)/],
};
for (const [title, [status, body, message]] of Object.entries(badAnswers)) {
  test(`a container endpoint that ${title} is not asked again: DEPS_CREDS`, async t => {
    const { read, requests } = await container(t, [status, body]);
    await t.throwsAsync(read(), { code: 'DEPS_CREDS', message });
    t.is(requests(), 1);
  });
}

test('a container endpoint may answer at some length', async t => {
  const { read } = await container(t, [200, good[1].padEnd(65_536)]);
  t.is((await read()).accessKeyId, 'a');
});

test('a container endpoint that falls silent is given up in time', async t => {
  const { read, requests } = await container(t, [-1, '{']);
  await t.throwsAsync(read(600), { code: 'DEPS_CREDS' });
  t.is(requests(), 1);
});

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
