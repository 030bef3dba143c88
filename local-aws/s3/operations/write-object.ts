/** PutObject and CopyObject, and the one step in which any upload becomes an object. */
import { rm } from 'node:fs/promises';
import { defaultAlgorithm, elementOf, headerOf, parseAlgorithm } from '../body/checksums.ts';
import { copyFiles } from '../body/copy-files.ts';
import { receiveBody } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { checkWrite, type WriteConditions } from '../rules/conditions.ts';
import { readDescription } from '../rules/description.ts';
import { writeBlob } from '../store/blob-writer.ts';
import type { Bucket } from '../store/bucket.ts';
import { randomName } from '../store/files.ts';
import type { StoredObject } from '../store/model.ts';
import { addVersion, chooseVersionId, currentObject } from '../store/versions.ts';
import { xml } from '../xml.ts';
import { type Answer, answerXml, type Call, headerText, type ObjectCall } from './call.ts';
import { type CopySource, withCopySource } from './copy-source.ts';
import { formatTime } from './list-objects.ts';
import { versionHeaders } from './read-object.ts';

export async function putObject(call: ObjectCall): Promise<Answer> {
  const description = readDescription(call.headers);
  const temporary = call.store.workspace.temporary();
  const received = await writeBlob(temporary, writer =>
    receiveBody(call.body, defaultAlgorithm, writer.write),
  );
  const object = await commitObject(call, temporary, {
    ...description,
    size: received.size,
    etag: received.md5,
    checksum: received.checksum,
    parts: [],
    uploadId: undefined,
  });
  return { headers: writtenHeaders(call.bucket, object) };
}

/** Copies the bytes, also within one bucket: a copy of a multipart object gets a plain entity tag, as at S3. */
export async function copyObject(call: ObjectCall): Promise<Answer> {
  const { headers, bucket } = call;
  const sent = readDescription(headers);
  const temporary = call.store.workspace.temporary();
  const asked = headerText(headers, 'x-amz-checksum-algorithm');
  const { source, copied } = await withCopySource(call, async source => {
    verifyChange(call, source);
    const algorithm = asked === undefined ? source.object.checksum.algorithm : parseAlgorithm(asked);
    const copied = await writeBlob(temporary, writer =>
      copyFiles([source.file], { range: undefined, algorithm }, writer.write),
    );
    return { source, copied };
  });
  const { headers: kept, metadata } = replacesMetadata(call) ? sent : source.object;
  const { tags } = headerText(headers, 'x-amz-tagging-directive') === 'REPLACE' ? sent : source.object;
  const { storageClass } = sent;
  const draft = { headers: kept, metadata, tags, storageClass, ...copied, parts: [], uploadId: undefined };
  const object = await commitObject(call, temporary, draft);
  return answerXml(
    xml('CopyObjectResult', [
      xml('ETag', `"${object.etag}"`),
      xml('LastModified', formatTime(object.lastModified)),
      xml(elementOf(object.checksum.algorithm), object.checksum.value),
      xml('ChecksumType', object.checksum.type),
    ]),
    { ...versionHeaders(bucket, object), ...source.headers },
  );
}

function replacesMetadata({ headers }: ObjectCall): boolean {
  return headerText(headers, 'x-amz-metadata-directive') === 'REPLACE';
}

/** A copy of the current object onto itself must change something. */
function verifyChange(call: ObjectCall, { bucket, key, isCurrent }: CopySource): void {
  const { headers } = call;
  const changes =
    replacesMetadata(call) ||
    ['x-amz-storage-class', 'x-amz-server-side-encryption'].some(name => headers[name] !== undefined);
  if (bucket === call.bucket && key === call.key && isCurrent && !changes)
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
}

/** An object that has its bytes but not yet its place. */
export type ObjectDraft = Omit<StoredObject, 'kind' | 'versionId' | 'lastModified' | 'blob'>;

/**
 * Makes a finished temporary file the current object of the key, if the conditions of the request hold at that very
 * moment: of twenty writers with `If-None-Match: *` one gets through. Deletes the file when they do not.
 */
export async function commitObject(
  call: Call & { readonly bucket: Bucket; readonly key: string },
  temporary: string,
  draft: ObjectDraft,
): Promise<StoredObject> {
  const { bucket, key } = call;
  const blob = randomName();
  try {
    return await bucket.change(
      key,
      versions => {
        checkWrite(writeConditions(call), currentObject(versions));
        const object: StoredObject = {
          kind: 'object',
          ...draft,
          versionId: chooseVersionId(bucket.record.versioning, randomName),
          lastModified: call.now,
          blob,
        };
        return { versions: addVersion(versions, object), result: object };
      },
      { temporary, blob },
    );
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function writeConditions({ headers }: Call): WriteConditions {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
}

/** What every answer to a finished write says about the object. */
export function writtenHeaders(bucket: Bucket, object: StoredObject): Readonly<Record<string, string>> {
  return {
    etag: `"${object.etag}"`,
    [headerOf(object.checksum.algorithm)]: object.checksum.value,
    'x-amz-checksum-type': object.checksum.type,
    ...encryptionHeaders(object.headers),
    ...versionHeaders(bucket, object),
  };
}

function encryptionHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption')),
  );
}
