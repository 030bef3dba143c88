/** GetObject, HeadObject, GetObjectAttributes. */
import { type FileHandle, open } from 'node:fs/promises';
import { elementOf, headerOf } from '../body/checksums.ts';
import { S3Error } from '../errors.ts';
import { checkRead } from '../rules/conditions.ts';
import { type ByteRange, resolveRange } from '../rules/range.ts';
import type { Bucket } from '../store/bucket.ts';
import type { StoredObject } from '../store/model.ts';
import { chooseObject } from '../store/versions.ts';
import { xml } from '../xml.ts';
import { type Answer, answerXml, headerText, type ObjectCall } from './call.ts';

/** Headers of the answer that a signed request may ask to be different. */
const overrides = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

export async function getObject(call: ObjectCall): Promise<Answer> {
  // An object that is overwritten between the look at the index and the opening of its file is looked up again.
  for (;;) {
    const object = findObject(call);
    const { slice, answer } = describe(call, object);
    if (slice.end < slice.start) return answer;
    const file = await openBlob(call, object);
    if (file !== undefined) return { ...answer, body: { kind: 'file', file, ...slice } };
  }
}

export async function headObject(call: ObjectCall): Promise<Answer> {
  return describe(call, findObject(call)).answer;
}

export async function getObjectAttributes(call: ObjectCall): Promise<Answer> {
  const object = findObject(call);
  const wanted = new Set(
    (headerText(call.headers, 'x-amz-object-attributes') ?? '').split(',').map(each => each.trim()),
  );
  const { checksum, parts } = object;
  const elements = {
    ETag: () => xml('ETag', object.etag),
    Checksum: () =>
      xml('Checksum', [
        xml(elementOf(checksum.algorithm), checksum.value),
        xml('ChecksumType', checksum.type),
      ]),
    ObjectParts: () =>
      parts.length === 0 ? undefined : xml('ObjectParts', [xml('PartsCount', parts.length)]),
    StorageClass: () => xml('StorageClass', object.storageClass),
    ObjectSize: () => xml('ObjectSize', object.size),
  };
  const names = Object.keys(elements) as (keyof typeof elements)[];
  if (![...wanted].every(name => (names as string[]).includes(name)))
    throw new S3Error('InvalidArgument', 'Invalid attribute name specified.');
  return answerXml(
    xml(
      'GetObjectAttributesResponse',
      names.filter(name => wanted.has(name)).map(name => elements[name]()),
    ),
    { 'last-modified': httpDate(object.lastModified), ...versionHeaders(call.bucket, object) },
  );
}

/** `x-amz-version-id`, for buckets that ever had versioning. */
export function versionHeaders(
  bucket: Bucket,
  version: { readonly versionId: string },
): Readonly<Record<string, string>> {
  return bucket.record.versioning === undefined ? {} : { 'x-amz-version-id': version.versionId };
}

/** The object a read names. A caller who may not list the bucket is not told that a key is missing. */
export function findObject({ bucket, key, query, isDenied }: ObjectCall): StoredObject {
  const versionId = query.get('versionId');
  if (versionId === '') throw new S3Error('InvalidArgument', 'Version id cannot be the empty string');
  try {
    return chooseObject(bucket.versionsOf(key), key, versionId);
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchKey' && isDenied('s3:ListBucket', bucket))
      throw new S3Error('AccessDenied');
    throw error;
  }
}

function describe(
  call: ObjectCall,
  object: StoredObject,
): { readonly slice: ByteRange; readonly answer: Answer } {
  const { headers, query } = call;
  checkRead(
    {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
    },
    object,
  );
  const partNumber = query.get('partNumber');
  const part = partNumber === undefined ? undefined : findPart(object, partNumber);
  const range = part ?? resolveRange(headers.range, object.size);
  const slice = range ?? { start: 0, end: object.size - 1 };
  const isPartial = range !== undefined && slice.end >= slice.start;
  return {
    slice,
    answer: {
      status: isPartial ? 206 : 200,
      headers: {
        ...object.headers,
        ...Object.fromEntries(
          Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
        ),
        ...overridesOf(query),
        ...versionHeaders(call.bucket, object),
        ...(object.tags.length > 0 ? { 'x-amz-tagging-count': String(object.tags.length) } : {}),
        ...(object.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': object.storageClass }),
        ...(part !== undefined && object.parts.length > 0
          ? { 'x-amz-mp-parts-count': String(object.parts.length) }
          : {}),
        ...(headerText(headers, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
          ? checksumHeaders(object, range, part)
          : {}),
        ...(isPartial ? { 'content-range': `bytes ${slice.start}-${slice.end}/${object.size}` } : {}),
        'accept-ranges': 'bytes',
        'content-length': String(slice.end - slice.start + 1),
        etag: `"${object.etag}"`,
        'last-modified': httpDate(object.lastModified),
      },
    },
  };
}

interface PartSlice extends ByteRange {
  readonly checksum: string | undefined;
}

function findPart(object: StoredObject, text: string): PartSlice {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const whole = { size: object.size, checksum: object.checksum.value };
  const parts = object.parts.length > 0 ? object.parts : [whole];
  const part = parts[number - 1];
  if (part === undefined)
    throw new S3Error('InvalidPartNumber', undefined, {
      elements: { PartNumberRequested: text, ActualPartCount: String(parts.length) },
    });
  const start = parts.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0);
  return { start, end: start + part.size - 1, checksum: part.checksum || undefined };
}

/** A checksum covers the whole object or a part, never an arbitrary range. */
function checksumHeaders(
  { checksum }: StoredObject,
  range: ByteRange | undefined,
  part: PartSlice | undefined,
): Readonly<Record<string, string>> {
  const value = range === undefined ? checksum.value : part?.checksum;
  if (value === undefined) return {};
  return { [headerOf(checksum.algorithm)]: value, 'x-amz-checksum-type': checksum.type };
}

function overridesOf(query: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const asked = overrides.map(name => [name, query.get(`response-${name}`)] as const);
  const entries = asked.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  // Node refuses such a header when it is written, too late for a proper answer.
  if (!entries.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
    throw new S3Error('InvalidArgument', 'A response- header override holds a character that no header can.');
  return Object.fromEntries(entries);
}

/** `undefined` when the object was replaced or deleted just now, and its file with it. */
async function openBlob(call: ObjectCall, object: StoredObject): Promise<FileHandle | undefined> {
  try {
    return await open(call.bucket.pathOf(object.blob), 'r');
  } catch (error) {
    const isCurrent = call.bucket.versionsOf(call.key).includes(object);
    if (!isCurrent && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function httpDate(time: number): string {
  return new Date(time).toUTCString();
}
