/** `/info/*` without upstreams, and the answers every path shares. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { serve } from './helpers/serve.ts';

test('the version is that of package.json', async t => {
  const service = await serve(t);
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const reply = await service.get('/info/version');
  t.is(reply.status, 200);
  t.is(reply.headers['content-type'], 'application/json');
  t.is(reply.text, `{"version":"v${manifest.version}"}`);
});

test('health needs no key and tells nothing else', async t => {
  const service = await serve(t);
  const reply = await service.call('GET', '/info/health', { key: false });
  t.deepEqual([reply.status, reply.text], [200, '{"status":"ok"}']);
});

test('status, server, versions and dependencies have their shapes', async t => {
  const artifact = {
    name: 'core',
    source: 's3' as const,
    digest: 'sha256:aa',
    tree: 'sha256:bb',
    root: '/secret/place',
    assets: '/secret/place/assets',
    packages: [{ name: 'koa', version: '3.3.0', integrity: 'sha512-x' }],
    phases: { choose: 0.12345, download: 12 },
  };
  const service = await serve(
    t,
    { AWS_LAMBDA_FUNCTION_NAME: 'f' },
    { dependencies: { artifacts: [artifact], load: async () => artifact } },
  );
  const status = (await service.get('/info/status')).json() as Record<string, string>;
  t.deepEqual(Object.keys(status), ['name', 'version', 'status', 'environment']);
  t.deepEqual([status['status'], status['environment']], ['operational', 'aws-lambda']);
  const server = (await service.get('/info/server')).json() as Record<string, unknown>;
  t.deepEqual(Object.keys(server), ['server_id', 'server_name', 'server_instance_id', 'server_boot_time']);
  const versions = (await service.get('/info/versions')).json();
  t.like(versions, { node: process.version, dependencies: { koa: '3.3.0' } });
  const { root, assets: _, ...shown } = artifact;
  t.deepEqual((await service.get('/info/dependencies')).json(), {
    artifacts: [
      { ...shown, packages: [{ name: 'koa', version: '3.3.0' }], phases: { choose: 0.123, download: 12 } },
    ],
  });
  t.false((await service.get('/info/dependencies')).text.includes(root));
});

test('an unknown path is 404 with the key, another method 405 with the methods of the path', async t => {
  const service = await serve(t);
  const unknown = await service.get('/nothing');
  t.deepEqual([unknown.status, unknown.text], [404, '{"detail":"Not Found"}']);
  const method = await service.call('DELETE', '/info/version');
  t.deepEqual(
    [method.status, method.text, method.headers.allow],
    [405, '{"detail":"Method Not Allowed"}', 'GET, HEAD'],
  );
});

test('HEAD answers what GET answers, without the body', async t => {
  const service = await serve(t);
  const get = await service.get('/info/version');
  const head = await service.call('HEAD', '/info/version');
  t.deepEqual(
    [head.status, head.text, head.headers['content-length']],
    [200, '', get.headers['content-length']],
  );
});
