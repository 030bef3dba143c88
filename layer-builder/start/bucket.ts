/** A bucket on this machine. Not versioned, as one for artifacts should be: the console damages objects to show what happens. */
import { openClients } from '../aws/clients.ts';
import { bucketPattern } from '../config/rules.ts';
import { fail } from '../errors.ts';

/** Makes the bucket unless it is there. Throws `USAGE` for what can be no name of one. */
export async function ensureBucket(env: NodeJS.ProcessEnv, region: string, bucket: string): Promise<void> {
  if (!bucketPattern.test(bucket)) {
    fail('USAGE', `no name of a bucket (expected 3 to 63 of a-z, 0-9, . and -, found "${bucket}")`, {
      hint: 'name it as S3 would take it, for example: --bucket my-artifacts',
    });
  }
  const { CreateBucketCommand, HeadBucketCommand } = await import('@aws-sdk/client-s3');
  const clients = await openClients(env, region);
  try {
    try {
      await clients.s3.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch {
      await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    }
  } finally {
    clients.close();
  }
}
