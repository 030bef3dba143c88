/** The role Removal: the only deletions in the whole program. */
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';

export interface Removal {
  /** In a versioned bucket a delete marker: the bytes can be brought back until a lifecycle rule ends them. */
  object(bucket: string, key: string): Promise<void>;
  /** Functions that use it go on; it can never be attached again. */
  layerVersion(arn: string): Promise<void>;
}

export async function openRemoval({ s3, lambda }: AwsClients, call: Caller): Promise<Removal> {
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const { DeleteLayerVersionCommand } = await import('@aws-sdk/client-lambda');
  return {
    async object(bucket, key) {
      const about = { action: 's3:DeleteObject', resource: `s3://${bucket}/${key}` };
      await call(about, options => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options));
    },
    async layerVersion(arn) {
      const [, LayerName = '', version] = arn.match(/^(.*):(\d+)$/) ?? [];
      const about = { action: 'lambda:DeleteLayerVersion', resource: arn };
      const input = { LayerName, VersionNumber: Number(version) };
      await call(about, options => lambda.send(new DeleteLayerVersionCommand(input), options));
    },
  };
}
