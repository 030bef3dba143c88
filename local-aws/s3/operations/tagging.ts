/** Tags of one object version. */
import { receiveText } from '../body/receive.ts';
import { formatTagging, parseTagging } from '../rules/tags.ts';
import type { Tags } from '../store/model.ts';
import { chooseObject } from '../store/versions.ts';
import { parseDocument } from '../xml.ts';
import { type Answer, answerXml, type ObjectCall } from './call.ts';
import { findObject, versionHeaders } from './read-object.ts';

const largestDocument = 64 * 1024;

export async function getObjectTagging(call: ObjectCall): Promise<Answer> {
  const object = findObject(call);
  return answerXml(formatTagging(object.tags), versionHeaders(call.bucket, object));
}

export async function putObjectTagging(call: ObjectCall): Promise<Answer> {
  const root = parseDocument(await receiveText(call.body, largestDocument));
  return { headers: await replaceTags(call, parseTagging(root, 'object')) };
}

export async function deleteObjectTagging(call: ObjectCall): Promise<Answer> {
  return { status: 204, headers: await replaceTags(call, []) };
}

async function replaceTags(
  { bucket, key, query }: ObjectCall,
  tags: Tags,
): Promise<Readonly<Record<string, string>>> {
  return bucket.change(key, versions => {
    const object = chooseObject(versions, key, query.get('versionId'));
    return {
      versions: versions.map(version => (version === object ? { ...object, tags } : version)),
      result: versionHeaders(bucket, object),
    };
  });
}
