/** DeleteObject and DeleteObjects, with versions and delete markers. */
import { receiveText } from '../body/receive.ts';
import { S3Error } from '../errors.ts';
import { checkWrite } from '../rules/conditions.ts';
import { randomName } from '../store/files.ts';
import type { DeleteMarker, Version } from '../store/model.ts';
import { chooseVersionId, currentObject, deleteCurrent, removeVersion } from '../store/versions.ts';
import { parseDocument, textOf, type XmlElement, xml } from '../xml.ts';
import { type Answer, answerXml, type BucketCall, type ObjectCall } from './call.ts';

/** Two MiB, in bytes: room for a thousand of the longest keys. */
const largestRequest = 2 * 1024 * 1024;
const mostKeys = 1000;

export async function deleteObject(call: ObjectCall): Promise<Answer> {
  const deleted = await deleteKey(call, {
    key: call.key,
    versionId: call.query.get('versionId'),
    ifMatch: call.headers['if-match'],
  });
  return {
    status: 204,
    headers: {
      ...(deleted.isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
      ...(deleted.versionId === undefined ? {} : { 'x-amz-version-id': deleted.versionId }),
    },
  };
}

/** Deletes up to a thousand keys, each on its own: one refusal stops no other. */
export async function deleteObjects(call: BucketCall): Promise<Answer> {
  const { headers } = call;
  const hasDigest = Object.keys(headers).some(name =>
    /^(?:content-md5|x-amz-checksum-|x-amz-trailer)/.test(name),
  );
  if (!hasDigest)
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  const root = parseDocument(await receiveText(call.body, largestRequest));
  const targets = root.children.filter(({ name }) => name === 'Object').map(readTarget);
  if (root.name !== 'Delete' || targets.length === 0 || targets.length > mostKeys)
    throw new S3Error('MalformedXML');
  const quiet = textOf(root, 'Quiet') === 'true';
  const results: XmlElement[] = [];
  for (const target of targets) {
    const result = await deleteOne(call, target);
    if (result.name === 'Error' || !quiet) results.push(result);
  }
  return answerXml(xml('DeleteResult', results));
}

interface Target {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly ifMatch: string | undefined;
}

interface Deleted {
  /** Whether a delete marker was made or removed. */ readonly isMarker: boolean;
  /** The version that was made or removed, in a bucket that ever had versioning. */
  readonly versionId: string | undefined;
}

function readTarget(element: XmlElement): Target {
  const key = textOf(element, 'Key');
  if (key === undefined || key === '') throw new S3Error('MalformedXML');
  return { key, versionId: textOf(element, 'VersionId'), ifMatch: textOf(element, 'ETag') };
}

async function deleteOne(call: BucketCall, target: Target): Promise<XmlElement> {
  const { key, versionId } = target;
  const named = [xml('Key', key), versionId === undefined ? undefined : xml('VersionId', versionId)];
  try {
    const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
    if (call.isDenied(action, call.bucket, key)) throw new S3Error('AccessDenied');
    const deleted = await deleteKey(call, target);
    return xml('Deleted', [
      ...named,
      deleted.isMarker ? xml('DeleteMarker', true) : undefined,
      deleted.isMarker && deleted.versionId !== undefined
        ? xml('DeleteMarkerVersionId', deleted.versionId)
        : undefined,
    ]);
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return xml('Error', [...named, xml('Code', error.code), xml('Message', error.message)]);
  }
}

async function deleteKey({ bucket, now }: BucketCall, { key, versionId, ifMatch }: Target): Promise<Deleted> {
  return bucket.change<Deleted>(key, versions => {
    const { versioning } = bucket.record;
    if (ifMatch !== undefined) checkWrite({ ifMatch, ifNoneMatch: undefined }, currentObject(versions));
    if (versionId !== undefined) {
      const version = versions.find(each => each.versionId === versionId);
      const rest = version === undefined ? versions : removeVersion(versions, versionId);
      return { versions: rest, result: { isMarker: version?.kind === 'deleteMarker', versionId } };
    }
    const marker: DeleteMarker = {
      kind: 'deleteMarker',
      versionId: chooseVersionId(versioning, randomName),
      lastModified: now,
    };
    const rest: readonly Version[] = deleteCurrent(versions, versioning, marker);
    if (versioning === undefined)
      return {
        versions: versions.length === 0 ? versions : rest,
        result: { isMarker: false, versionId: undefined },
      };
    return { versions: rest, result: { isMarker: true, versionId: marker.versionId } };
  });
}
