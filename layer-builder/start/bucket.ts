/** The bucket of the rehearsal. Not versioned, unlike one for artifacts should be: the console damages objects to show what happens. */
import { openClients } from '../aws/clients.ts';

/** Makes the bucket unless it is there. */
export async function ensureBucket(env: NodeJS.ProcessEnv, region: string, bucket: string): Promise<void> {
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
