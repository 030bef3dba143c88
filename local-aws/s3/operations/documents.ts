/** Configuration documents that are kept and given back as they were put: encryption, lifecycle, public access. */
import { receiveText } from '../body/receive.ts';
import { S3Error, type S3ErrorCode } from '../errors.ts';
import { parseTagging } from '../rules/tags.ts';
import { childOf, formatDocument, parseDocument, textOf, type XmlElement, xml } from '../xml.ts';
import { type Answer, answerXml, type BucketCall, noContent } from './call.ts';

interface Kind {
  /** Name of the root element. */ readonly root: string;
  readonly absent: S3ErrorCode;
  /** Throws `S3Error` unless the document may be kept. */ readonly verify: (root: XmlElement) => void;
  /** What S3 reports when nothing was put. */ readonly preset?: XmlElement;
}

const publicAccessSettings = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
];

/** By sub-resource. Of these the server itself heeds only `BlockPublicPolicy`. */
const kinds: Readonly<Record<DocumentName, Kind>> = {
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    absent: 'ServerSideEncryptionConfigurationNotFoundError',
    verify: root => needRules(root, 'ApplyServerSideEncryptionByDefault'),
    preset: xml('ServerSideEncryptionConfiguration', [
      xml('Rule', [
        xml('ApplyServerSideEncryptionByDefault', [xml('SSEAlgorithm', 'AES256')]),
        xml('BucketKeyEnabled', false),
      ]),
    ]),
  },
  lifecycle: {
    root: 'LifecycleConfiguration',
    absent: 'NoSuchLifecycleConfiguration',
    verify: root => needRules(root, 'Status'),
  },
  ownershipControls: {
    root: 'OwnershipControls',
    absent: 'OwnershipControlsNotFoundError',
    verify: root => needRules(root, 'ObjectOwnership'),
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    absent: 'NoSuchPublicAccessBlockConfiguration',
    verify: root => {
      for (const { name, text } of root.children)
        if (!publicAccessSettings.includes(name) || !/^(?:true|false)$/i.test(text))
          throw new S3Error('MalformedXML');
    },
  },
  tagging: { root: 'Tagging', absent: 'NoSuchTagSet', verify: root => void parseTagging(root, 'bucket') },
};

export type DocumentName = 'encryption' | 'lifecycle' | 'ownershipControls' | 'publicAccessBlock' | 'tagging';

/** The documents a bucket is born with: since April 2023 no ACLs and no public access. */
export const presetDocuments: Readonly<Record<string, string>> = {
  ownershipControls: formatKept(
    xml('OwnershipControls', [xml('Rule', [xml('ObjectOwnership', 'BucketOwnerEnforced')])]),
  ),
  publicAccessBlock: formatKept(
    xml(
      'PublicAccessBlockConfiguration',
      publicAccessSettings.map(name => xml(name, true)),
    ),
  ),
};

const largestDocument = 256 * 1024;

export async function getDocument({ bucket }: BucketCall, name: DocumentName): Promise<Answer> {
  const { absent, preset } = kinds[name];
  const text = bucket.record.documents[name];
  const root = text === undefined ? preset : parseDocument(text);
  if (root === undefined)
    throw new S3Error(absent, undefined, { elements: { BucketName: bucket.record.name } });
  return answerXml(root);
}

export async function putDocument({ bucket, body }: BucketCall, name: DocumentName): Promise<Answer> {
  const root = parseDocument(await receiveText(body, largestDocument));
  if (root.name !== kinds[name].root) throw new S3Error('MalformedXML');
  kinds[name].verify(root);
  await bucket.configure(record => ({
    ...record,
    documents: { ...record.documents, [name]: formatKept(root) },
  }));
  return name === 'tagging' ? noContent : {};
}

export async function deleteDocument({ bucket }: BucketCall, name: string): Promise<Answer> {
  await bucket.configure(record => ({
    ...record,
    documents: Object.fromEntries(Object.entries(record.documents).filter(([each]) => each !== name)),
  }));
  return noContent;
}

/** Whether the bucket refuses policies that allow everybody. */
export function blocksPublicPolicy(documents: Readonly<Record<string, string>>): boolean {
  const text = documents['publicAccessBlock'];
  return text !== undefined && textOf(parseDocument(text), 'BlockPublicPolicy')?.toLowerCase() === 'true';
}

function needRules(root: XmlElement, member: string): void {
  const rules = root.children.filter(({ name }) => name === 'Rule');
  if (rules.length === 0 || !rules.every(rule => childOf(rule, member) !== undefined))
    throw new S3Error('MalformedXML');
}

function formatKept(root: XmlElement): string {
  return formatDocument(root, { namespaced: false });
}
