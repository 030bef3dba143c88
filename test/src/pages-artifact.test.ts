/** The pages from their lazy artifact, by the handler's own loader: on first use, and while the store does not answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { resolveDependencies } from '../../handler/loader.ts';
import { routes } from '../../src/routes/index.ts';
import { lockOf, makeArtifact } from '../support/artifact.ts';
import { refuse, serve as serveZip, startChaosS3 } from '../support/chaos-s3.ts';
import { loaderWorld } from '../support/loader-world.ts';
import { serve } from './helpers/serve.ts';

const folder = fileURLToPath(new URL('../../src/pages/assets/', import.meta.url));
const names = readdirSync(folder);

test('a store that fails is 503 with the code on the pages alone, and they are there once it answers', async t => {
  const files = names.map(name => [`../assets/pages/src/pages/assets/${name}`, readFileSync(folder + name)]);
  const { zip, artifact } = await makeArtifact(Object.fromEntries(files), { name: 'pages', load: 'lazy' });
  let works = false;
  const s3 = await startChaosS3((...call) => (works ? serveZip(zip) : refuse(403, 'AccessDenied'))(...call));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const dependencies = await resolveDependencies(lockOf([artifact]), settings);
  const service = await serve(t, {}, { dependencies });

  t.is((await service.get('/info/version')).status, 200);
  t.is((await service.get('/openapi.json')).status, 200);
  t.deepEqual((await service.get('/info/dependencies')).json(), { artifacts: [] });
  t.is(s3.requests.length, 0, 'nothing is fetched for them');

  for (const path of ['/docs', '/redoc', '/digest', '/auth/set-cookie-form', '/docs/assets/style.css']) {
    const refused = await service.call('GET', path, { key: false });
    t.is(refused.status, 503, path);
    t.is(refused.headers['retry-after'], '5');
    t.deepEqual(refused.json(), { detail: 'The files of this page cannot be loaded (DEPS_ACCESS_DENIED)' });
  }
  t.regex(service.lines.join(''), /the artifact pages cannot be loaded/);
  t.is((await service.get('/info/version')).status, 200);

  works = true;
  const before = s3.requests.length;
  const [page] = await Promise.all(names.map(() => service.call('GET', '/docs', { key: false })));
  t.is(page?.status, 200);
  t.is(page?.text, readFileSync(`${folder}docs.html`, 'utf8'));
  t.is(s3.requests.length, before + 1, 'once for all');
});

test('every file of the artifact is served, and every page finds what it asks for', async t => {
  const service = await serve(t);
  for (const name of names) {
    const path = name.endsWith('.html')
      ? name === 'cookie-form.html'
        ? '/auth/set-cookie-form'
        : `/${name.slice(0, -'.html'.length)}`
      : `/docs/assets/${name}`;
    const reply = await service.call('GET', path, { key: false });
    t.is(reply.status, 200, path);
    t.is(reply.text, readFileSync(folder + name, 'utf8'));
    for (const [, asked = ''] of reply.text.matchAll(
      /(?:src|href|from|import\()[ =]?['"](\.?\.?\/?[\w./-]+\.(?:js|css))['"]/g,
    )) {
      const { pathname } = new URL(asked, `http://service${path}`);
      t.true(
        routes.some(route => route.path === pathname && route.public),
        `${name} asks for ${pathname}`,
      );
    }
  }
});
