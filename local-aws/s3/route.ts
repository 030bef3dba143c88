/** Method, address and query → the name of the S3 operation. Pure; knows more names than the server can do. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from './address.ts';

interface Nouns {
  /** Follows `Get`, `Put` or `Delete`. */ readonly bucket?: string;
  readonly object?: string;
}

/** Sub-resources, by the query parameter that names them. */
const subResources: Readonly<Record<string, Nouns>> = {
  accelerate: { bucket: 'BucketAccelerateConfiguration' },
  acl: { bucket: 'BucketAcl', object: 'ObjectAcl' },
  analytics: { bucket: 'BucketAnalyticsConfiguration' },
  attributes: { object: 'ObjectAttributes' },
  cors: { bucket: 'BucketCors' },
  encryption: { bucket: 'BucketEncryption', object: 'ObjectEncryption' },
  'intelligent-tiering': { bucket: 'BucketIntelligentTieringConfiguration' },
  inventory: { bucket: 'BucketInventoryConfiguration' },
  'legal-hold': { object: 'ObjectLegalHold' },
  lifecycle: { bucket: 'BucketLifecycleConfiguration' },
  location: { bucket: 'BucketLocation' },
  logging: { bucket: 'BucketLogging' },
  metadataConfiguration: { bucket: 'BucketMetadataConfiguration' },
  metadataTable: { bucket: 'BucketMetadataTableConfiguration' },
  metrics: { bucket: 'BucketMetricsConfiguration' },
  notification: { bucket: 'BucketNotificationConfiguration' },
  'object-lock': { bucket: 'ObjectLockConfiguration' },
  ownershipControls: { bucket: 'BucketOwnershipControls' },
  policy: { bucket: 'BucketPolicy' },
  policyStatus: { bucket: 'BucketPolicyStatus' },
  publicAccessBlock: { bucket: 'PublicAccessBlock' },
  replication: { bucket: 'BucketReplication' },
  requestPayment: { bucket: 'BucketRequestPayment' },
  restore: { object: 'RestoreObject' },
  retention: { object: 'ObjectRetention' },
  select: { object: 'SelectObjectContent' },
  session: { bucket: 'Session' },
  tagging: { bucket: 'BucketTagging', object: 'ObjectTagging' },
  torrent: { object: 'ObjectTorrent' },
  versioning: { bucket: 'BucketVersioning' },
  website: { bucket: 'BucketWebsite' },
};

const verbs: Readonly<Record<string, string>> = { GET: 'Get', HEAD: 'Head', PUT: 'Put', DELETE: 'Delete' };

export interface RoutedRequest {
  readonly method: string;
  readonly address: Address;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
}

/** Names the operation a request asks for, as S3's API reference does; `undefined` when S3 has none there. */
export function nameOperation(request: RoutedRequest): string | undefined {
  const { address } = request;
  if (address.bucket === undefined) return request.method === 'GET' ? 'ListBuckets' : undefined;
  const level = address.key === undefined ? 'bucket' : 'object';
  const noun = [...request.query.keys()].map(name => lookUp(name)?.[level]).find(each => each !== undefined);
  if (noun !== undefined) return request.method === 'POST' ? noun : `${verbs[request.method] ?? ''}${noun}`;
  return level === 'bucket' ? nameBucketOperation(request) : nameObjectOperation(request);
}

function lookUp(name: string): Nouns | undefined {
  return Object.hasOwn(subResources, name) ? subResources[name] : undefined;
}

function nameBucketOperation({ method, query, headers }: RoutedRequest): string | undefined {
  switch (method) {
    case 'GET':
      if (query.has('versions')) return 'ListObjectVersions';
      if (query.has('uploads')) return 'ListMultipartUploads';
      return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
    case 'HEAD':
      return 'HeadBucket';
    case 'PUT':
      return 'CreateBucket';
    case 'DELETE':
      return 'DeleteBucket';
    case 'POST':
      if (query.has('delete')) return 'DeleteObjects';
      return headers['content-type']?.startsWith('multipart/form-data') ? 'PostObject' : undefined;
    default:
      return undefined;
  }
}

function nameObjectOperation({ method, query, headers }: RoutedRequest): string | undefined {
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  const hasUpload = query.has('uploadId');
  switch (method) {
    case 'GET':
      return hasUpload ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      if (query.has('renameObject')) return 'RenameObject';
      if (hasUpload) return isCopy ? 'UploadPartCopy' : 'UploadPart';
      return isCopy ? 'CopyObject' : 'PutObject';
    case 'DELETE':
      return hasUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return hasUpload ? 'CompleteMultipartUpload' : undefined;
    default:
      return undefined;
  }
}
