/** R6: the same contract under AWS's own runtime client, as functions of local-aws. */
import * as fs from 'node:fs';
import path from 'node:path';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import test from 'ava';
import { formatLock } from '../../../artifact/lock.ts';
import type { Bench } from '../../local-aws/support.ts';
import { createFunction, invoke, openBench } from '../../local-aws/support.ts';
import { bucket, lockOf, makeArtifact } from '../../support/artifact.ts';
import { bundle } from '../../support/load-process.ts';
import { findNodeFor } from '../../support/node-versions.ts';
import type { RowsReport } from '../../support/resolution-rows.ts';
import { expectedHere, fixtures, packagesIn } from './contract.ts';

let bench: Bench;
let s3: S3Client;
let index = '';

test.before(async () => {
  bench = await openBench();
  const { endpoint, region, credentials } = bench.aws;
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const file = await bundle(new URL('../../support/resolution-handler.ts', import.meta.url));
  index = fs.readFileSync(file, 'utf8');
  fs.rmSync(path.dirname(file), { recursive: true });
});
test.after.always(async () => {
  s3?.destroy();
  await bench?.[Symbol.asyncDispose]();
});

for (const runtime of ['nodejs24.x', 'nodejs22.x'] as const) {
  test(`every row of the contract holds in the runtime client, from layer and from s3 on ${runtime}`, async t => {
    if (findNodeFor(runtime) === undefined) {
      t.log(`SKIPPED: no Node for ${runtime} here, and npm brought none`);
      t.pass();
      return;
    }
    const made = [
      await makeArtifact(packagesIn('packages'), { runtime }),
      await makeArtifact(packagesIn('extra'), { runtime, name: 'extra' }),
    ];
    const Layers: string[] = [];
    for (const { artifact, zip } of made) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: artifact.s3.key, Body: zip }));
      const layer = new PublishLayerVersionCommand({ LayerName: artifact.name, Content: { ZipFile: zip } });
      Layers.push((await bench.lambda.send(layer)).LayerVersionArn ?? '');
    }
    const lock = lockOf(
      made.map(({ artifact }) => artifact),
      runtime,
    );
    const files = {
      'index.mjs': index,
      'deps.lock.json': formatLock(lock),
      ...textsIn('task', ''),
      ...textsIn('task-modules', 'node_modules/'),
      ...textsIn('runtime-modules', 'runtime/node_modules/'),
    };
    for (const source of ['layer', 's3'] as const) {
      const name = `${source}-${runtime.replace('.', '-')}`;
      await createFunction(bench.lambda, name, {
        files,
        Runtime: runtime,
        MemorySize: 512,
        Timeout: 60,
        Environment: { Variables: { DEPS_SOURCE: source } },
        ...(source === 'layer' && { Layers }),
      });
      const { value, log } = await invoke(bench.lambda, name);
      const { sources, results, version } = value as RowsReport;
      t.deepEqual(sources, { core: source, extra: source }, log);
      t.is(version.split('.', 1)[0], `v${runtime.replace(/\D/g, '')}`);
      t.deepEqual(results, expectedHere);
    }
  });
}

/** Text files below a folder of the fixtures, as they lie in the function package. */
function textsIn(folder: string, prefix: string): Record<string, string> {
  const root = path.join(fixtures, folder);
  const found = fs.globSync('**/*', { cwd: root, withFileTypes: true }).filter(entry => entry.isFile());
  return Object.fromEntries(
    found.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [`${prefix}${path.relative(root, file)}`, fs.readFileSync(file, 'utf8')];
    }),
  );
}
