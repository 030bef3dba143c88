/** The parts of a multipart upload: create, upload, copy, abort. Listing and completing are files of their own. */
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
import type { PartRecord } from '../store/model.ts';
import type { Upload } from '../store/uploads.ts';
import { xml } from '../xml.ts';
import { type Answer, answerXml, headerText, noContent, type ObjectCall } from './call.ts';
import { withCopySource } from './copy-source.ts';
import { formatTime } from './list-objects.ts';

const mostParts = 10_000;

export async function createMultipartUpload(call: ObjectCall): Promise<Answer> {
  const { bucket, key, headers } = call;
  const asked = headerText(headers, 'x-amz-checksum-algorithm');
  const algorithm = asked === undefined ? defaultAlgorithm : parseAlgorithm(asked);
  const type = chooseType(algorithm, headerText(headers, 'x-amz-checksum-type'));
  // Uploads of one key are listed in the order they began: their ids sort so.
  const uploadId = `${call.now.toString(16).padStart(12, '0')}${randomName()}`;
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
    const received = await receiveBody(call.body, algorithm, writer.write);
    if (received.checksum.algorithm === algorithm || !upload.record.checksumAsked) return received;
    const [expected, found] = [algorithm, received.checksum.algorithm];
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${found}`,
    );
  });
  const kept = checksum.algorithm === algorithm ? checksum.value : '';
  const part = { number, size, etag: md5, checksum: kept, lastModified: call.now };
  await putPart(call, upload, part, temporary);
  return {
    headers: { etag: `"${md5}"`, [headerOf(checksum.algorithm)]: checksum.value },
  };
}

export async function uploadPartCopy(call: ObjectCall): Promise<Answer> {
  const upload = findUpload(call);
  const number = readPartNumber(call);
  const temporary = call.store.workspace.temporary();
  const { algorithm } = upload.record.checksum;
  const { source, copied } = await withCopySource(call, async source => {
    const range = resolveCopyRange(headerText(call.headers, 'x-amz-copy-source-range'), source.object.size);
    const copied = await writeBlob(temporary, writer =>
      copyFiles([source.file], { range, algorithm }, writer.write),
    );
    return { source, copied };
  });
  const { size, etag, checksum } = copied;
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
