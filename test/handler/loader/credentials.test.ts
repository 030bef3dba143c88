/** R4: where credentials come from, and what is no credential. */
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { readCredentials } from '../../../handler/download/credentials.ts';
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

const badAnswers: Readonly<Record<string, [status: number, body: string]>> = {
  refuses: [403, '{"code":"AccessDenied"}'],
  'answers no JSON': [200, '<html>'],
  'answers without a secret': [200, '{"AccessKeyId":"a"}'],
  'answers a list': [200, '[]'],
  'answers at great length': [200, ' '.repeat(70_000)],
};

for (const [title, [status, body]] of Object.entries(badAnswers)) {
  test(`a container endpoint that ${title}: DEPS_CREDS`, async t => {
    const server = createServer((_, response) => {
      response.writeHead(status);
      response.end(body);
    }).listen(0, '127.0.0.1');
    t.teardown(() => server.close());
    await new Promise(resolve => server.once('listening', resolve));
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await t.throwsAsync(readCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, 2000), {
      code: 'DEPS_CREDS',
    });
  });
}
