/** The bucket of the rehearsal: versioned, as a bucket for artifacts should be. */
import { openClients } from '../aws/clients.ts';

/** Makes the bucket unless it is there, and turns versioning on. */
export async function ensureBucket(env: NodeJS.ProcessEnv, region: string, bucket: string): Promise<void> {
  const { CreateBucketCommand, HeadBucketCommand, PutBucketVersioningCommand } = await import(
    '@aws-sdk/client-s3'
  );
  const clients = await openClients(env, region);
  try {
    try {
      await clients.s3.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch {
      await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await clients.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    }
  } finally {
    clients.close();
  }
}
