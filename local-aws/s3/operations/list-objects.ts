/** ListObjectsV2, ListObjects, ListObjectVersions. */
import { encodePercent } from '../../http/target.ts';
import { S3Error } from '../errors.ts';
import { type ListEntry, listPage, listVersionsPage, type VersionEntry } from '../rules/listing.ts';
import type { StoredObject } from '../store/model.ts';
import { currentObject } from '../store/versions.ts';
import { type XmlElement, xml } from '../xml.ts';
import { owner } from './buckets.ts';
import { type Answer, answerXml, type BucketCall } from './call.ts';

const largestPage = 1000;

export async function listObjectsV2({ bucket, query }: BucketCall): Promise<Answer> {
  const common = readCommon(query);
  const token = query.get('continuation-token');
  if (token === '') throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const startAfter = query.get('start-after');
  const after = token === undefined ? (startAfter ?? '') : readToken(token);
  const page = listPage(bucket.keys, { ...common, after }, isVisible(bucket));
  const hasOwner = query.get('fetch-owner') === 'true';
  return answerXml(
    xml('ListBucketResult', [
      ...formatCommon(bucket.record.name, common),
      startAfter === undefined ? undefined : xml('StartAfter', common.encode(startAfter)),
      token === undefined ? undefined : xml('ContinuationToken', token),
      page.next === undefined ? undefined : xml('NextContinuationToken', formatToken(page.next)),
      xml('KeyCount', page.entries.length),
      xml('IsTruncated', page.next !== undefined),
      ...page.entries.map(entry => formatEntry(bucket, entry, common, hasOwner)),
    ]),
  );
}

export async function listObjects({ bucket, query }: BucketCall): Promise<Answer> {
  const common = readCommon(query);
  const marker = query.get('marker') ?? '';
  const page = listPage(bucket.keys, { ...common, after: marker }, isVisible(bucket));
  return answerXml(
    xml('ListBucketResult', [
      ...formatCommon(bucket.record.name, common),
      xml('Marker', common.encode(marker)),
      // Without a delimiter the last key itself is the next marker, and S3 does not repeat it.
      page.next !== undefined && common.delimiter !== ''
        ? xml('NextMarker', common.encode(page.next))
        : undefined,
      xml('IsTruncated', page.next !== undefined),
      ...page.entries.map(entry => formatEntry(bucket, entry, common, true)),
    ]),
  );
}

export async function listObjectVersions({ bucket, query }: BucketCall): Promise<Answer> {
  const common = readCommon(query);
  const keyMarker = query.get('key-marker') ?? '';
  const afterVersion = query.get('version-id-marker') || undefined;
  if (afterVersion !== undefined && keyMarker === '')
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  const page = listVersionsPage(bucket.keys, bucket.versionsOf, {
    ...common,
    after: keyMarker,
    afterVersion,
  });
  return answerXml(
    xml('ListVersionsResult', [
      ...formatCommon(bucket.record.name, common),
      xml('KeyMarker', common.encode(keyMarker)),
      xml('VersionIdMarker', afterVersion ?? ''),
      page.next === undefined ? undefined : xml('NextKeyMarker', common.encode(page.next.key)),
      page.next?.versionId === undefined ? undefined : xml('NextVersionIdMarker', page.next.versionId),
      xml('IsTruncated', page.next !== undefined),
      ...page.entries.map(entry => formatVersion(entry, common)),
    ]),
  );
}

/** The parameters all listings share. */
export interface CommonParameters {
  readonly prefix: string;
  readonly delimiter: string;
  readonly max: number;
  /** Encodes a key as the caller asked for it. */ readonly encode: (text: string) => string;
  readonly encodingType: string | undefined;
}

/** Reads prefix, delimiter, page size (`sizeName`, at most 1,000) and encoding. Throws `InvalidArgument`. */
export function readCommon(query: ReadonlyMap<string, string>, sizeName = 'max-keys'): CommonParameters {
  const size = query.get(sizeName) ?? String(largestPage);
  if (!/^\d{1,10}$/.test(size) || Number(size) > 2 ** 31 - 1)
    throw new S3Error('InvalidArgument', `Provided ${sizeName} not an integer or within integer range`, {
      elements: { ArgumentName: sizeName, ArgumentValue: size },
    });
  const encodingType = query.get('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    max: Math.min(Number(size), largestPage),
    encode: encodingType === undefined ? text => text : encodeKey,
    encodingType,
  };
}

/** The elements all listings begin with. */
export function formatCommon(name: string, common: CommonParameters): readonly (XmlElement | undefined)[] {
  return [
    xml('Name', name),
    xml('Prefix', common.encode(common.prefix)),
    common.delimiter === '' ? undefined : xml('Delimiter', common.encode(common.delimiter)),
    xml('MaxKeys', common.max),
    common.encodingType === undefined ? undefined : xml('EncodingType', common.encodingType),
  ];
}

export function formatPrefix(prefix: string, common: CommonParameters): XmlElement {
  return xml('CommonPrefixes', [xml('Prefix', common.encode(prefix))]);
}

function isVisible({ versionsOf }: BucketCall['bucket']): (key: string) => boolean {
  return key => currentObject(versionsOf(key)) !== undefined;
}

function formatEntry(
  { versionsOf }: BucketCall['bucket'],
  entry: ListEntry,
  common: CommonParameters,
  hasOwner: boolean,
): XmlElement | undefined {
  if (entry.kind === 'prefix') return formatPrefix(entry.prefix, common);
  const object = currentObject(versionsOf(entry.key));
  if (object === undefined) return undefined;
  return xml('Contents', [
    xml('Key', common.encode(entry.key)),
    ...formatObject(object),
    hasOwner ? owner : undefined,
  ]);
}

function formatVersion(entry: VersionEntry, common: CommonParameters): XmlElement {
  if (entry.kind === 'prefix') return formatPrefix(entry.prefix, common);
  const { key, version, isLatest } = entry;
  const head = [
    xml('Key', common.encode(key)),
    xml('VersionId', version.versionId),
    xml('IsLatest', isLatest),
  ];
  return version.kind === 'object'
    ? xml('Version', [...head, ...formatObject(version), owner])
    : xml('DeleteMarker', [...head, xml('LastModified', formatTime(version.lastModified)), owner]);
}

function formatObject(object: StoredObject): readonly XmlElement[] {
  return [
    xml('LastModified', formatTime(object.lastModified)),
    xml('ETag', `"${object.etag}"`),
    xml('ChecksumAlgorithm', object.checksum.algorithm.toUpperCase()),
    xml('ChecksumType', object.checksum.type),
    xml('Size', object.size),
    xml('StorageClass', object.storageClass),
  ];
}

/** S3 lists whole seconds, the same that Last-Modified tells. */
export function formatTime(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString();
}

/** `encoding-type=url` leaves slashes as they are. */
function encodeKey(key: string): string {
  return key.split('/').map(encodePercent).join('/');
}

/** Opaque to clients: base64 of where the next page begins. */
function formatToken(next: string): string {
  return Buffer.from(next).toString('base64');
}

function readToken(token: string): string {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== token)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return bytes.toString('utf8');
}
