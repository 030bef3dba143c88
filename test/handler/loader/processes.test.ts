/** What takes processes and threads of its own: B10, B12, and TLS with a certificate that Node is told at its start. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { storeName } from '../../../artifact/layout.ts';
import { serve } from '../../support/chaos-s3.ts';
import { change, made, module, place } from './place.ts';

test('B10 eight processes at once, over a tampered copy: one result, no error', async t => {
  const here = await place(t);
  await here.load();
  change(`${here.root}/${module}`, text => text.replace('small', 'smalL'));
  const results = await Promise.all(
    Array.from({ length: 8 }, () => here.loadApart(undefined, { LOAD_IMPORT: 'small' })),
  );
  for (const { imported, error, stderr } of results) {
    t.is(imported, 'small as a module', `${JSON.stringify(error)} ${stderr}`);
  }
  t.deepEqual(here.left(), [storeName(made.artifact.digest)]);
});

test('B10 eight worker threads at once, over a tampered copy: one result, no error', async t => {
  const here = await place(t);
  await here.load();
  change(`${here.root}/${module}`, text => text.replace('small', 'smalL'));
  const results = await Promise.all(Array.from({ length: 8 }, () => here.loadInThread()));
  for (const { sources, error } of results) {
    t.is(error, undefined);
    t.true(sources?.['core'] === 's3' || sources?.['core'] === 'tmp');
  }
  t.deepEqual(here.left(), [storeName(made.artifact.digest)]);
  t.is(await here.load(), 'tmp');
});

test('B12 killed after the download: the next start needs no request', async t => {
  const here = await place(t);
  const { signal } = await here.loadApart(undefined, { LOAD_THEN: 'die' });
  t.is(signal, 'SIGKILL');
  const { sources } = await here.loadApart();
  t.deepEqual(sources, { core: 'tmp' });
  t.is(here.s3.requests.length, 1);
});

test('https: a certificate that is trusted, and one that is not', async t => {
  const here = await place(t);
  const [key, cert] = [path.join(here.folder, 'key.pem'), path.join(here.folder, 'cert.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert];
  if (spawnSync('openssl', [...words.split(' '), ...names]).status !== 0) {
    t.log('SKIPPED: no openssl to make a certificate with');
    t.pass();
    return;
  }
  const server = https.createServer(
    { key: fs.readFileSync(key), cert: fs.readFileSync(cert) },
    serve(made.zip),
  );
  t.teardown(() => void server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${port}` };
  const stranger = await here.loadApart(undefined, env);
  t.is(stranger.error?.code, 'DEPS_UNREACHABLE');
  t.regex(String(stranger.error?.details['found']), /CERT/);
  const trusted = await here.loadApart(undefined, { ...env, NODE_EXTRA_CA_CERTS: cert });
  t.deepEqual(trusted.sources, { core: 's3' }, JSON.stringify(trusted.error));
});
