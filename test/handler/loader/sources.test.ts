/** R2 to R6 on the straight way: from the layer, from a copy, from S3. */
import { createRequire } from 'node:module';
import test from 'ava';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { loaderWorld } from '../../support/loader-world.ts';

test('an artifact comes from S3, is verified, unpacked and importable by both module systems', async t => {
  const { zip, artifact } = await makeArtifact(smallPackage);
  const s3 = await startChaosS3(serve(zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const { artifacts } = await resolveDependencies(lockOf([artifact]), settings);
  t.is(artifacts.length, 1);
  t.is(artifacts[0]?.source, 's3');
  t.deepEqual(Object.keys(artifacts[0]?.phases ?? {}).sort(), [
    'choose',
    'connect',
    'download',
    'firstByte',
    'resolve',
    'unpack',
    'verify',
  ]);
  const name: string = 'small';
  t.is((await import(name)).default, 'small as a module');
  t.is(createRequire(import.meta.url)(name), 'small as CommonJS');
  t.is(s3.requests.length, 1);
  t.is(s3.requests[0]?.headers['accept-encoding'], 'identity');
  const again = await resolveDependencies(lockOf([artifact]), settings);
  t.is(again.artifacts[0]?.source, 'tmp');
  t.is(s3.requests.length, 1);
});
