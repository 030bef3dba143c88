/** Buckets: create, head, delete, list, location. */
import { verifyBucketName } from '../address.ts';
import { receiveText } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { childOf, parseDocument, textOf, xml } from '../xml.ts';
import { type Answer, answerXml, type BucketCall, type Call, noContent } from './call.ts';
import { presetDocuments } from './documents.ts';

/** A canonical user id, as S3 has them. */
export const ownerId = '0'.repeat(64);

/** The one account of this server, as bucket and object owner; S3 gives no display names since November 2025. */
export const owner = xml('Owner', [xml('ID', ownerId)]);

const mostBuckets = 10_000;
const largestConfiguration = 64 * 1024;

/**
 * Creates a bucket in the region it asks for. Repeating it succeeds in us-east-1 and is `BucketAlreadyOwnedByYou`
 * elsewhere, as at S3.
 */
export async function createBucket(call: Call, name: string): Promise<Answer> {
  verifyBucketName(name);
  if (call.headers['x-amz-bucket-object-lock-enabled'] !== undefined)
    throw new S3Error('NotImplemented', 'Object Lock is not implemented.');
  const region = await chooseRegion(call);
  const { created, record } = await call.store.create({
    name,
    createdAt: call.now,
    region,
    versioning: undefined,
    documents: presetDocuments,
  });
  if (!created && !(region === 'us-east-1' && record.region === region))
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { elements: { BucketName: name } });
  return { headers: { location: `/${name}` } };
}

export async function headBucket({ bucket }: BucketCall): Promise<Answer> {
  return { headers: { 'x-amz-bucket-region': bucket.record.region, 'x-amz-access-point-alias': 'false' } };
}

export async function deleteBucket({ store, bucket }: BucketCall): Promise<Answer> {
  await store.remove(bucket.record.name);
  return noContent;
}

export async function getBucketLocation({ bucket: { record } }: BucketCall): Promise<Answer> {
  // The oldest region has no name here.
  return answerXml(xml('LocationConstraint', record.region === 'us-east-1' ? '' : record.region));
}

export async function listBuckets({ store, query }: Call): Promise<Answer> {
  const prefix = query.get('prefix') ?? '';
  const region = query.get('bucket-region');
  const after = query.get('continuation-token') ?? '';
  const max = Number(query.get('max-buckets') ?? mostBuckets);
  if (!Number.isInteger(max) || max < 1 || max > mostBuckets)
    throw new S3Error('InvalidArgument', `max-buckets must be between 1 and ${mostBuckets}`);
  const all = store
    .list()
    .filter(each => each.name.startsWith(prefix) && each.name > after)
    .filter(each => region === undefined || each.region === region);
  const page = all.slice(0, max);
  const last = page.at(-1);
  return answerXml(
    xml('ListAllMyBucketsResult', [
      xml(
        'Buckets',
        page.map(record =>
          xml('Bucket', [
            xml('Name', record.name),
            xml('CreationDate', new Date(record.createdAt).toISOString()),
            xml('BucketRegion', record.region),
          ]),
        ),
      ),
      owner,
      last !== undefined && all.length > page.length ? xml('ContinuationToken', last.name) : undefined,
      prefix === '' ? undefined : xml('Prefix', prefix),
    ]),
  );
}

async function chooseRegion(call: Call): Promise<string> {
  const text = await receiveText(call.body, largestConfiguration);
  const root = text.trim() === '' ? undefined : parseDocument(text);
  if (root !== undefined && root.name !== 'CreateBucketConfiguration') throw new S3Error('MalformedXML');
  if (childOf(root, 'Bucket') !== undefined || childOf(root, 'Location') !== undefined)
    throw new S3Error('NotImplemented', 'Directory buckets are not implemented.');
  const wanted = textOf(root, 'LocationConstraint');
  const { region: signed } = call.body.verified.scope;
  if (wanted === undefined || wanted === '') {
    if (signed !== 'us-east-1' && signed !== call.defaultRegion) throw incompatible('unspecified');
    return signed === 'us-east-1' ? signed : call.defaultRegion;
  }
  if (wanted !== 'EU' && !/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(wanted))
    throw new S3Error('InvalidLocationConstraint');
  const region = wanted === 'EU' ? 'eu-west-1' : wanted;
  if (signed !== 'us-east-1' && signed !== region) throw incompatible(region);
  return region;
}

function incompatible(constraint: string): S3Error {
  return new S3Error(
    'IllegalLocationConstraintException',
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
}
