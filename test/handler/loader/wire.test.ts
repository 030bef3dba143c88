/** R4 against a store that verifies signatures. */
import * as fs from 'node:fs';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { resolveDependencies } from '../../../handler/loader.ts';
import { rootKey, startServer } from '../../local-aws/s3/support.ts';
import { lockOf, makeArtifact, region, smallPackage } from '../../support/artifact.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);

test('a store that verifies signatures gives a version, under a prefix that needs escaping', async t => {
  const { endpoint, client } = await startServer(t);
  const { settings } = loaderWorld(t, endpoint);
  const bucket = 'wire.test';
  const key = `a b+c/ü(!)*'~/${made.artifact.s3.key}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const put = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: made.zip }));
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a later version' }));
  const artifact = {
    ...made.artifact,
    s3: { key },
    published: { [region]: { bucket, versionId: put.VersionId ?? '' } },
  };
  const here = { ...settings, credentials: async () => rootKey };
  t.is((await resolveDependencies(lockOf([artifact]), here)).artifacts[0]?.source, 's3');

  const wrong = { ...rootKey, secretAccessKey: 'wrong' };
  fs.rmSync(settings.dir, { recursive: true });
  await t.throwsAsync(resolveDependencies(lockOf([artifact]), { ...here, credentials: async () => wrong }), {
    code: 'DEPS_CREDS',
  });
  const gone = { ...artifact, published: { [region]: { bucket: 'no-such-bucket' } } };
  await t.throwsAsync(resolveDependencies(lockOf([gone]), here), { code: 'DEPS_NO_BUCKET' });
});
