/** What a person reads at the end of the main job. */
import test from 'ava';
import type { FunctionRun } from '../../../layer-builder/start/index.ts';
import { formatMainJob } from '../../../layer-builder/start/report.ts';

const local = {
  endpoint: 'http://127.0.0.1:4566',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const run: FunctionRun = {
  name: 'svc__dev',
  source: 'layer',
  url: 'http://127.0.0.1:3000/',
  coldStartMs: 100,
  phases: { import: 50 },
  warmMs: 3,
  status: 200,
  body: { version: 'v1' },
};
const format = (...functions: FunctionRun[]) =>
  formatMainJob({ artifacts: [], functions, key: undefined, path: '/health', served: false }, local);

test('functions that serve have their address and nothing to complain of', t => {
  const text = format(run);
  t.regex(text, /http:\/\/127\.0\.0\.1:3000\/ {2}layer {2}\/health → 200, warm 3\.0 ms/);
  t.notRegex(text, /does not serve/);
});

test('a function that is deployed and does not serve says what it answered and where its log is', t => {
  const text = format(run, { ...run, name: 'svc__dev-s3', status: 503, body: { code: 'APP_IMPORT' } });
  t.regex(text, /svc__dev-s3 does not serve: \/health → 503 \{"code":"APP_IMPORT"\}/);
  t.regex(
    text,
    /AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:4566 .*deploy logs --stage dev-s3 --region us-east-1/,
  );
  t.notRegex(text, /svc__dev does not serve/);
});
