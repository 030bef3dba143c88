/** PutObject and CopyObject, and the one step in which any upload becomes an object. */
import { rm } from 'node:fs/promises';
import { type Checksum, defaultAlgorithm, elementOf, headerOf, parseAlgorithm } from '../body/checksums.ts';
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
import { readCopySource } from './copy-source.ts';
import { versionHeaders } from './read-object.ts';

export async function putObject(call: ObjectCall): Promise<Answer> {
  const description = readDescription(call.headers);
  const temporary = call.store.workspace.temporary();
  const received = await writeBlob(temporary, writer =>
    receiveBody(call.body, { fallback: defaultAlgorithm }, writer.write),
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
  const source = await readCopySource(call);
  const directive = headerText(call.headers, 'x-amz-metadata-directive') ?? 'COPY';
  const sent = readDescription(call.headers);
  const replaces = directive === 'REPLACE';
  const isSame = source.bucket === call.bucket && source.key === call.key && source.isCurrent;
  if (
    isSame &&
    !replaces &&
    call.headers['x-amz-storage-class'] === undefined &&
    call.headers['x-amz-server-side-encryption'] === undefined
  )
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const asked = headerText(call.headers, 'x-amz-checksum-algorithm');
  const algorithm = asked === undefined ? source.object.checksum.algorithm : parseAlgorithm(asked);
  const temporary = call.store.workspace.temporary();
  const copied = await writeBlob(temporary, writer =>
    copyFiles([source.file], { range: undefined, algorithm }, writer.write),
  );
  const replacesTags = headerText(call.headers, 'x-amz-tagging-directive') === 'REPLACE';
  const object = await commitObject(call, temporary, {
    headers: replaces ? sent.headers : source.object.headers,
    metadata: replaces ? sent.metadata : source.object.metadata,
    tags: replacesTags ? sent.tags : source.object.tags,
    storageClass: sent.storageClass,
    ...copied,
    parts: [],
    uploadId: undefined,
  });
  return answerXml(
    xml('CopyObjectResult', [
      xml('ETag', `"${object.etag}"`),
      xml('LastModified', new Date(object.lastModified).toISOString()),
      xml(elementOf(object.checksum.algorithm), object.checksum.value),
      xml('ChecksumType', object.checksum.type),
    ]),
    { ...versionHeaders(call.bucket, object), ...source.headers },
  );
}

/** An object that has its bytes but not yet its place. */
export type ObjectDraft = Omit<StoredObject, 'kind' | 'versionId' | 'lastModified' | 'blob' | 'checksum'> & {
  readonly checksum: Checksum | undefined;
};

/**
 * Makes a finished temporary file the current object of the key, if the conditions of the request hold at that very
 * moment: of twenty writers with `If-None-Match: *` one gets through. Deletes the file when they do not.
 */
export async function commitObject(
  call: Call & { readonly bucket: Bucket; readonly key: string },
  temporary: string,
  { checksum, ...draft }: ObjectDraft,
): Promise<StoredObject> {
  const { bucket, key } = call;
  const blob = randomName();
  if (checksum === undefined) throw new S3Error('InternalError');
  try {
    return await bucket.change(
      key,
      versions => {
        checkWrite(writeConditions(call), currentObject(versions));
        const object: StoredObject = {
          kind: 'object',
          ...draft,
          checksum,
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
