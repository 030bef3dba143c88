/** CompleteMultipartUpload: the parts become one file, one object, one step. */
import { combineChecksums, elementOf, headerOf } from '../body/checksums.ts';
import { copyFiles } from '../body/copy-files.ts';
import { verifyChecksumValue } from '../body/plan.ts';
import { receiveText } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { checkWrite } from '../rules/conditions.ts';
import { writeBlob } from '../store/blob-writer.ts';
import type { PartRecord, StoredObject } from '../store/model.ts';
import type { Upload } from '../store/uploads.ts';
import { currentObject } from '../store/versions.ts';
import { parseDocument, textOf, type XmlElement, xml } from '../xml.ts';
import { type Answer, answerXml, headerText, type ObjectCall } from './call.ts';
import { findUpload } from './upload-parts.ts';
import { commitObject, writeConditions, writtenHeaders } from './write-object.ts';

/** Two MiB, in bytes: room for ten thousand parts with their checksums. */
const largestRequest = 2 * 1024 * 1024;
/** Five MiB, in bytes: every part but the last. */
const smallestPart = 5 * 1024 * 1024;

/** Repeating it after success answers the same again, so a client that lost the answer may retry. */
export async function completeMultipartUpload(call: ObjectCall): Promise<Answer> {
  // Here a checksum header speaks of the object that is being made, not of this body.
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(([name]) => !name.startsWith('x-amz-checksum-')),
  );
  const named = readParts(parseDocument(await receiveText({ ...call.body, headers }, largestRequest)));
  const done = findCompleted(call);
  if (done !== undefined) return answer(call, done);
  const upload = findUpload(call);
  const object = await call.bucket.uploads.hold(upload, async () => {
    const parts = named.map((part, index) => verifyPart(upload, part, index === named.length - 1));
    const expected = readExpectedChecksum(call, upload);
    // Early, so that gigabytes are not joined in vain; the commit asks again.
    checkWrite(writeConditions(call), currentObject(call.bucket.versionsOf(call.key)));
    const result = await join(call, upload, parts, expected);
    await call.bucket.uploads.remove(upload);
    return result;
  });
  return answer(call, object);
}

interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly element: XmlElement;
}

function readParts(root: XmlElement): readonly NamedPart[] {
  if (root.name !== 'CompleteMultipartUpload' || root.children.length === 0)
    throw new S3Error('MalformedXML');
  const parts = root.children.map(element => {
    const number = Number(textOf(element, 'PartNumber'));
    const etag = textOf(element, 'ETag');
    if (element.name !== 'Part' || !Number.isInteger(number) || etag === undefined)
      throw new S3Error('MalformedXML');
    return { number, etag: etag.replace(/^"|"$/g, ''), element };
  });
  if (parts.some((part, index) => index > 0 && part.number <= (parts[index - 1]?.number ?? 0)))
    throw new S3Error('InvalidPartOrder');
  return parts;
}

function verifyPart(
  { record, parts }: Upload,
  { number, etag, element }: NamedPart,
  isLast: boolean,
): PartRecord {
  const part = parts.get(number);
  const { algorithm, type } = record.checksum;
  const given = textOf(element, elementOf(algorithm));
  if (part === undefined || part.etag !== etag || (given !== undefined && given !== part.checksum))
    throw new S3Error('InvalidPart', undefined, {
      elements: { UploadId: record.uploadId, PartNumber: String(number), ETag: etag },
    });
  if (given === undefined && record.checksumAsked && type === 'COMPOSITE')
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  if (!isLast && part.size < smallestPart)
    throw new S3Error('EntityTooSmall', undefined, {
      elements: {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(smallestPart),
        PartNumber: String(number),
        ETag: etag,
      },
    });
  return part;
}

function readExpectedChecksum({ headers }: ObjectCall, { record }: Upload): string | undefined {
  const { algorithm, type } = record.checksum;
  const asked = headerText(headers, 'x-amz-checksum-type');
  if (asked !== undefined && asked.toUpperCase() !== type)
    throw new S3Error(
      'InvalidRequest',
      `The upload was created with the ${type} checksum type; the complete request names ${asked}.`,
    );
  const value = headerText(headers, headerOf(algorithm));
  if (value !== undefined) verifyChecksumValue(algorithm, value.replace(/-\d+$/, ''));
  return value;
}

async function join(
  call: ObjectCall,
  upload: Upload,
  parts: readonly PartRecord[],
  expected: string | undefined,
): Promise<StoredObject> {
  const { algorithm, type } = upload.record.checksum;
  const temporary = call.store.workspace.temporary();
  const files = parts.map(part => call.bucket.uploads.pathOf(upload, part));
  const joined = await writeBlob(temporary, async writer => {
    const whole = await copyFiles(files, { range: undefined, algorithm }, writer.write);
    const checksum =
      type === 'FULL_OBJECT'
        ? whole.checksum
        : await combineChecksums(
            algorithm,
            parts.map(part => part.checksum),
          );
    const size = headerText(call.headers, 'x-amz-mp-object-size');
    if (size !== undefined && Number(size) !== whole.size)
      throw new S3Error(
        'InvalidRequest',
        `The provided x-amz-mp-object-size does not match ${whole.size} bytes.`,
      );
    if (
      expected !== undefined &&
      expected !== checksum.value &&
      expected !== checksum.value.replace(/-\d+$/, '')
    )
      throw new S3Error(
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    return { size: whole.size, checksum };
  });
  const { headers, metadata, tags, storageClass, uploadId } = upload.record;
  return commitObject(call, temporary, {
    headers,
    metadata,
    tags,
    storageClass,
    uploadId,
    ...joined,
    etag: await entityTag(parts),
    parts: parts.map(({ number, size, checksum }) => ({ number, size, checksum })),
  });
}

/** MD5 over the MD5s of the parts, and their number. */
async function entityTag(parts: readonly PartRecord[]): Promise<string> {
  const digests = parts.map(({ etag }) => Buffer.from(etag, 'hex').toString('base64'));
  const [digest = ''] = (await combineChecksums('md5', digests)).value.split('-');
  return `${Buffer.from(digest, 'base64').toString('hex')}-${parts.length}`;
}

function findCompleted({ bucket, key, query }: ObjectCall): StoredObject | undefined {
  const uploadId = query.get('uploadId');
  const found = bucket.versionsOf(key).find(each => each.kind === 'object' && each.uploadId === uploadId);
  return found?.kind === 'object' ? found : undefined;
}

function answer(call: ObjectCall, object: StoredObject): Answer {
  const { etag: _, ...headers } = writtenHeaders(call.bucket, object);
  return answerXml(
    xml('CompleteMultipartUploadResult', [
      xml('Location', `http://${call.headers.host ?? 'localhost'}/${call.bucket.record.name}/${call.key}`),
      xml('Bucket', call.bucket.record.name),
      xml('Key', call.key),
      xml('ETag', `"${object.etag}"`),
      xml(elementOf(object.checksum.algorithm), object.checksum.value),
      xml('ChecksumType', object.checksum.type),
    ]),
    headers,
  );
}
