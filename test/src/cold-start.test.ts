/** What the first request costs: nothing of the routes that were not asked for, and no fetch globals. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const script = fileURLToPath(new URL('./helpers/first-request.ts', import.meta.url));

test('/info/version loads neither the digest, GitHub, statistics, pages nor the OpenAPI document', async t => {
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const first = JSON.parse(stdout) as {
    status: string;
    src: string[];
    packages: string[];
    usesFetch: boolean;
  };
  t.is(first.status, '200');
  const lazy = ['digest', 'github-api', 'info', 'openapi', 'pages', 'repository', 'stats', 'upstream'];
  t.deepEqual(
    first.src.filter(file => lazy.includes(file.split('/')[0] ?? '')),
    [],
  );
  t.true(first.src.includes('routes/github-digest.ts'));
});

test('/info/version touches no fetch global: loading undici is a quarter of a cold start', async t => {
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  t.deepEqual((JSON.parse(stdout) as { touched: string[] }).touched, []);
});
