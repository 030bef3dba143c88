/** The bucket's policy and its versioning: the two settings this server acts upon. */
import { receiveText } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { isPublic, largestPolicy, parsePolicy } from '../rules/policy.ts';
import { parseDocument, textOf, xml } from '../xml.ts';
import { type Answer, answerXml, type BucketCall, noContent } from './call.ts';
import { blocksPublicPolicy } from './documents.ts';

export async function getBucketPolicy({ bucket }: BucketCall): Promise<Answer> {
  const text = bucket.record.documents['policy'];
  if (text === undefined)
    throw new S3Error('NoSuchBucketPolicy', undefined, { elements: { BucketName: bucket.record.name } });
  return { body: { kind: 'text', type: 'application/json', text } };
}

export async function putBucketPolicy({ bucket, body }: BucketCall): Promise<Answer> {
  const text = await receiveText(body, largestPolicy);
  const policy = parsePolicy(text, bucket.record.name);
  await bucket.configure(record => {
    if (isPublic(policy) && blocksPublicPolicy(record.documents))
      throw new S3Error(
        'AccessDenied',
        'Access Denied: the public access block of this bucket refuses public policies.',
      );
    return { ...record, documents: { ...record.documents, policy: text } };
  });
  return noContent;
}

export async function getBucketVersioning({ bucket }: BucketCall): Promise<Answer> {
  const { versioning } = bucket.record;
  return answerXml(
    xml('VersioningConfiguration', versioning === undefined ? [] : [xml('Status', versioning)]),
  );
}

export async function putBucketVersioning({ bucket, body }: BucketCall): Promise<Answer> {
  const root = parseDocument(await receiveText(body, largestPolicy));
  const status = textOf(root, 'Status');
  if (root.name !== 'VersioningConfiguration' || (status !== 'Enabled' && status !== 'Suspended'))
    throw new S3Error('IllegalVersioningConfigurationException');
  if (textOf(root, 'MfaDelete') === 'Enabled')
    throw new S3Error('NotImplemented', 'MFA delete is not implemented.');
  await bucket.configure(record => ({ ...record, versioning: status }));
  return {};
}
