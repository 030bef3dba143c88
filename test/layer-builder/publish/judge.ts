/** Another S3 in the place of ours (test/judges): Lambda stays local-aws's and gets the bytes of layers from there. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsClients } from '../../../layer-builder/aws/clients.ts';
import type { Rewrite } from './proxy.ts';

const [accessKeyId = '', secretAccessKey = ''] = (process.env['JUDGE_KEY'] ?? 'test test').split(' ');
export const judgeKeys = { accessKeyId, secretAccessKey };

/** Signs what goes to Lambda with local-aws's own keys, and puts the object itself where a layer names one. */
export function lambdaBridge({ s3, region }: AwsClients, credentials: typeof judgeKeys): Rewrite {
  const signer = new SignatureV4({ credentials, region, service: 'lambda', sha256: s3.config.sha256 });
  return async ({ action, method, path, query, body }, headers) => {
    if (!action.startsWith('lambda:')) return { headers, body };
    const sent = action === 'lambda:PublishLayerVersion' ? await withBytes(s3, body) : body;
    const { host = '', 'content-type': type = 'application/json' } = headers;
    const signed = await signer.sign({
      ...{ method, protocol: 'http:', hostname: host, path: encoded(path), query, body: sent },
      headers: { host, 'content-type': type },
    });
    return { headers: { ...signed.headers, 'content-length': String(sent.length) }, body: sent };
  };
}

/** As the SDK does it: an ARN is one part of the path, its colons escaped. */
function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

async function withBytes(s3: AwsClients['s3'], body: Buffer): Promise<Buffer> {
  const input = JSON.parse(body.toString());
  const { S3Bucket: Bucket, S3Key: Key, S3ObjectVersion: VersionId } = input.Content;
  if (!Bucket) return body;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }));
  const ZipFile = await Body?.transformToString('base64');
  return Buffer.from(JSON.stringify({ ...input, Content: { ZipFile } }));
}
