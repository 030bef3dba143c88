/** Access control lists, as a bucket shows them that has none: the owner may do everything, and nothing changes it. */
import { S3Error } from '../errors.ts';
import { formatDocument, xml } from '../xml.ts';
import { owner } from './buckets.ts';
import type { Answer, ObjectCall } from './call.ts';
import { findObject } from './read-object.ts';

export async function getAcl(): Promise<Answer> {
  const id = owner.children.map(({ name, text }) => `<${name}>${text}</${name}>`).join('');
  // The one attribute in all of S3's XML.
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${id}</Grantee>`;
  const text = formatDocument(
    xml('AccessControlPolicy', [
      owner,
      xml('AccessControlList', [xml('Grant', [xml('Grantee'), xml('Permission', 'FULL_CONTROL')])]),
    ]),
    { namespaced: true },
  );
  return { body: { kind: 'text', type: 'application/xml', text: text.replace('<Grantee/>', grantee) } };
}

export async function getObjectAcl(call: ObjectCall): Promise<Answer> {
  findObject(call);
  return getAcl();
}

/** Since April 2023 buckets enforce their owner: ACLs cannot be set. */
export async function putAcl(): Promise<Answer> {
  throw new S3Error('AccessControlListNotSupported');
}
