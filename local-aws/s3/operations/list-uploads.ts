/** Multipart uploads in progress, and the parts of one. */
import { type ChecksumAlgorithm, elementOf } from '../body/checksums.ts';
import { S3Error } from '../errors.ts';
import { compareKeys } from '../store/keys.ts';
import type { PartRecord, UploadRecord } from '../store/model.ts';
import { type XmlElement, xml } from '../xml.ts';
import { owner } from './buckets.ts';
import { type Answer, answerXml, type BucketCall, type ObjectCall } from './call.ts';
import { formatPrefix, formatTime, readCommon } from './list-objects.ts';
import { findUpload } from './upload-parts.ts';

export async function listParts(call: ObjectCall): Promise<Answer> {
  const { record, parts } = findUpload(call);
  const { max } = readCommon(call.query, 'max-parts');
  const marker = Number(call.query.get('part-number-marker') ?? 0);
  if (!Number.isInteger(marker))
    throw new S3Error('InvalidArgument', 'Provided part-number-marker not an integer');
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
      .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId)),
    common.prefix,
    common.delimiter,
  );
  // By order, not by position: the upload a page ended with may have been completed or aborted since.
  const later = entries.filter(
    ({ name, uploadId = '' }) =>
      compareKeys(name, keyMarker) > 0 || (name === keyMarker && idMarker !== '' && uploadId > idMarker),
  );
  const page = later.slice(0, common.max);
  const last = page.at(-1);
  const isTruncated = later.length > page.length;
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
  readonly record: UploadRecord | undefined;
}

function groupUploads(
  records: readonly UploadRecord[],
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

function formatUpload(record: UploadRecord, encode: (text: string) => string): XmlElement {
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
