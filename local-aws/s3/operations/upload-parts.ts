/** The parts of a multipart upload: create, upload, copy, abort, list. Completing is a file of its own. */
import { rm } from 'node:fs/promises';
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  defaultAlgorithm,
  elementOf,
  headerOf,
  parseAlgorithm,
  typesOf,
} from '../body/checksums.ts';
import { copyFiles } from '../body/copy-files.ts';
import { receiveBody } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { readDescription } from '../rules/description.ts';
import { resolveCopyRange } from '../rules/range.ts';
import { writeBlob } from '../store/blob-writer.ts';
import { randomName } from '../store/files.ts';
import { compareKeys } from '../store/keys.ts';
import type { PartRecord } from '../store/model.ts';
import type { Upload } from '../store/uploads.ts';
import { type XmlElement, xml } from '../xml.ts';
import { owner } from './buckets.ts';
import { type Answer, answerXml, type BucketCall, headerText, noContent, type ObjectCall } from './call.ts';
import { readCopySource } from './copy-source.ts';
import { formatPrefix, formatTime, readCommon } from './list-objects.ts';

const mostParts = 10_000;

export async function createMultipartUpload(call: ObjectCall): Promise<Answer> {
  const { bucket, key, headers } = call;
  const asked = headerText(headers, 'x-amz-checksum-algorithm');
  const algorithm = asked === undefined ? defaultAlgorithm : parseAlgorithm(asked);
  const type = chooseType(algorithm, headerText(headers, 'x-amz-checksum-type'));
  const uploadId = randomName();
  await bucket.uploads.create({
    ...readDescription(headers),
    uploadId,
    key,
    initiated: call.now,
    checksum: { algorithm, type },
    checksumAsked: asked !== undefined,
  });
  return answerXml(
    xml('InitiateMultipartUploadResult', [
      xml('Bucket', bucket.record.name),
      xml('Key', key),
      xml('UploadId', uploadId),
    ]),
    asked === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type },
  );
}

export async function uploadPart(call: ObjectCall): Promise<Answer> {
  const upload = findUpload(call);
  const number = readPartNumber(call);
  const { algorithm } = upload.record.checksum;
  const temporary = call.store.workspace.temporary();
  const { size, md5, checksum } = await writeBlob(temporary, async writer => {
    const received = await receiveBody(call.body, { fallback: algorithm }, writer.write);
    if (received.checksum?.algorithm === algorithm || !upload.record.checksumAsked) return received;
    const [expected, found] = [algorithm, received.checksum?.algorithm];
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${found}`,
    );
  });
  const kept = checksum?.algorithm === algorithm ? checksum.value : '';
  const part = { number, size, etag: md5, checksum: kept, lastModified: call.now };
  await putPart(call, upload, part, temporary);
  return {
    headers: {
      etag: `"${md5}"`,
      ...(checksum === undefined ? {} : { [headerOf(checksum.algorithm)]: checksum.value }),
    },
  };
}

export async function uploadPartCopy(call: ObjectCall): Promise<Answer> {
  const upload = findUpload(call);
  const number = readPartNumber(call);
  const source = await readCopySource(call);
  const range = resolveCopyRange(headerText(call.headers, 'x-amz-copy-source-range'), source.object.size);
  const temporary = call.store.workspace.temporary();
  const { algorithm } = upload.record.checksum;
  const { size, etag, checksum } = await writeBlob(temporary, writer =>
    copyFiles([source.file], { range, algorithm }, writer.write),
  );
  await putPart(
    call,
    upload,
    { number, size, etag, checksum: checksum.value, lastModified: call.now },
    temporary,
  );
  return answerXml(
    xml('CopyPartResult', [
      xml('ETag', `"${etag}"`),
      xml('LastModified', formatTime(call.now)),
      xml(elementOf(algorithm), checksum.value),
    ]),
    source.headers,
  );
}

export async function abortMultipartUpload(call: ObjectCall): Promise<Answer> {
  const upload = findUpload(call);
  await call.bucket.uploads.hold(upload, () => call.bucket.uploads.remove(upload));
  return noContent;
}

export async function listParts(call: ObjectCall): Promise<Answer> {
  const { record, parts } = findUpload(call);
  const { max } = readCommon(call.query, 'max-parts');
  const marker = Number(call.query.get('part-number-marker') ?? 0);
  const later = [...parts.values()].filter(each => each.number > marker).sort((a, b) => a.number - b.number);
  const page = later.slice(0, max);
  const { algorithm, type } = record.checksum;
  return answerXml(
    xml('ListPartsResult', [
      xml('Bucket', call.bucket.record.name),
      xml('Key', record.key),
      xml('UploadId', record.uploadId),
      xml('PartNumberMarker', marker),
      xml('NextPartNumberMarker', page.at(-1)?.number ?? 0),
      xml('MaxParts', max),
      xml('IsTruncated', later.length > page.length),
      xml('StorageClass', record.storageClass),
      xml('ChecksumAlgorithm', algorithm.toUpperCase()),
      xml('ChecksumType', type),
      xml('Initiator', owner.children),
      owner,
      ...page.map(part => formatPart(part, algorithm)),
    ]),
  );
}

export async function listMultipartUploads({ bucket, query }: BucketCall): Promise<Answer> {
  const common = readCommon(query, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const entries = groupUploads(
    bucket.uploads
      .all()
      .map(({ record }) => record)
      .filter(({ key }) => key.startsWith(common.prefix))
      .sort(
        (a, b) =>
          compareKeys(a.key, b.key) || a.initiated - b.initiated || compareKeys(a.uploadId, b.uploadId),
      ),
    common.prefix,
    common.delimiter,
  );
  const start = entries.findIndex(({ name, uploadId }) =>
    idMarker === '' ? compareKeys(name, keyMarker) > 0 : name === keyMarker && uploadId === idMarker,
  );
  const from = idMarker === '' ? start : start + 1;
  const page = start === -1 ? [] : entries.slice(from, from + common.max);
  const last = page.at(-1);
  const isTruncated = start !== -1 && entries.length > from + page.length;
  return answerXml(
    xml('ListMultipartUploadsResult', [
      xml('Bucket', bucket.record.name),
      xml('KeyMarker', common.encode(keyMarker)),
      xml('UploadIdMarker', idMarker),
      isTruncated && last !== undefined ? xml('NextKeyMarker', common.encode(last.name)) : undefined,
      isTruncated && last?.uploadId !== undefined ? xml('NextUploadIdMarker', last.uploadId) : undefined,
      xml('Prefix', common.encode(common.prefix)),
      common.delimiter === '' ? undefined : xml('Delimiter', common.encode(common.delimiter)),
      xml('MaxUploads', common.max),
      common.encodingType === undefined ? undefined : xml('EncodingType', common.encodingType),
      xml('IsTruncated', isTruncated),
      ...page.map(entry =>
        entry.record === undefined
          ? formatPrefix(entry.name, common)
          : formatUpload(entry.record, common.encode),
      ),
    ]),
  );
}

/** The upload that the query names. Throws `NoSuchUpload`. */
export function findUpload({ bucket, key, query }: ObjectCall): Upload {
  return bucket.uploads.find(query.get('uploadId') ?? '', key);
}

function chooseType(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const types = typesOf(algorithm);
  const type = asked === undefined ? types[0] : types.find(each => each === asked.toUpperCase());
  if (type === undefined)
    throw new S3Error(
      'InvalidRequest',
      `The ${asked} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  return type;
}

function readPartNumber({ query }: ObjectCall): number {
  const text = query.get('partNumber') ?? '';
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > mostParts)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      elements: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  return number;
}

async function putPart(
  { bucket }: ObjectCall,
  upload: Upload,
  part: Omit<PartRecord, 'blob'>,
  temporary: string,
): Promise<void> {
  try {
    await bucket.uploads.putPart(upload, part, temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function formatPart(part: PartRecord, algorithm: ChecksumAlgorithm): XmlElement {
  return xml('Part', [
    xml('PartNumber', part.number),
    xml('LastModified', formatTime(part.lastModified)),
    xml('ETag', `"${part.etag}"`),
    xml('Size', part.size),
    part.checksum === '' ? undefined : xml(elementOf(algorithm), part.checksum),
  ]);
}

interface UploadEntry {
  /** A key or a common prefix. */ readonly name: string;
  readonly uploadId: string | undefined;
  readonly record: Upload['record'] | undefined;
}

function groupUploads(
  records: readonly Upload['record'][],
  prefix: string,
  delimiter: string,
): readonly UploadEntry[] {
  const entries: UploadEntry[] = [];
  for (const record of records) {
    const at = delimiter === '' ? -1 : record.key.indexOf(delimiter, prefix.length);
    const group = at === -1 ? undefined : record.key.slice(0, at + delimiter.length);
    if (group === undefined) entries.push({ name: record.key, uploadId: record.uploadId, record });
    else if (entries.at(-1)?.name !== group)
      entries.push({ name: group, uploadId: undefined, record: undefined });
  }
  return entries;
}

function formatUpload(record: Upload['record'], encode: (text: string) => string): XmlElement {
  return xml('Upload', [
    xml('Key', encode(record.key)),
    xml('UploadId', record.uploadId),
    xml('Initiator', owner.children),
    owner,
    xml('StorageClass', record.storageClass),
    xml('Initiated', formatTime(record.initiated)),
    xml('ChecksumAlgorithm', record.checksum.algorithm.toUpperCase()),
    xml('ChecksumType', record.checksum.type),
  ]);
}
