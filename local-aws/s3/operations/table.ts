/** Every operation this server can do: the permission it needs and the function that does it. */
import { getAcl, getObjectAcl, putAcl } from './acl.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.ts';
import type { Answer, BucketCall, Call, ObjectCall } from './call.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import { deleteObject, deleteObjects } from './delete-object.ts';
import { type DocumentName, deleteDocument, getDocument, putDocument } from './documents.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './list-objects.ts';
import { listMultipartUploads, listParts } from './list-uploads.ts';
import { getBucketPolicy, getBucketVersioning, putBucketPolicy, putBucketVersioning } from './policy.ts';
import { getObject, getObjectAttributes, headObject } from './read-object.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './upload-parts.ts';
import { copyObject, putObject } from './write-object.ts';

export type Operation =
  | { readonly level: 'service'; readonly run: (call: Call) => Promise<Answer> }
  | { readonly level: 'newBucket'; readonly run: (call: Call, name: string) => Promise<Answer> }
  | {
      readonly level: 'bucket';
      /** `undefined`: asked per key by the operation itself. */ readonly permission: string | undefined;
      readonly run: (call: BucketCall) => Promise<Answer>;
    }
  | {
      readonly level: 'object';
      readonly permission: string;
      /** Instead, when the query names a version. */ readonly versionPermission: string;
      readonly run: (call: ObjectCall) => Promise<Answer>;
    };

const operations: Readonly<Record<string, Operation>> = {
  ListBuckets: { level: 'service', run: listBuckets },
  CreateBucket: { level: 'newBucket', run: createBucket },
  HeadBucket: onBucket('s3:ListBucket', headBucket),
  DeleteBucket: onBucket('s3:DeleteBucket', deleteBucket),
  GetBucketLocation: onBucket('s3:GetBucketLocation', getBucketLocation),
  GetBucketAcl: onBucket('s3:GetBucketAcl', getAcl),
  PutBucketAcl: onBucket('s3:PutBucketAcl', putAcl),
  GetBucketVersioning: onBucket('s3:GetBucketVersioning', getBucketVersioning),
  PutBucketVersioning: onBucket('s3:PutBucketVersioning', putBucketVersioning),
  GetBucketPolicy: onBucket('s3:GetBucketPolicy', getBucketPolicy),
  PutBucketPolicy: onBucket('s3:PutBucketPolicy', putBucketPolicy),
  DeleteBucketPolicy: onBucket('s3:DeleteBucketPolicy', call => deleteDocument(call, 'policy')),
  ...documentOperations('BucketEncryption', 'EncryptionConfiguration', 'encryption'),
  ...documentOperations('BucketLifecycleConfiguration', 'LifecycleConfiguration', 'lifecycle'),
  ...documentOperations('BucketOwnershipControls', 'BucketOwnershipControls', 'ownershipControls'),
  ...documentOperations('PublicAccessBlock', 'BucketPublicAccessBlock', 'publicAccessBlock'),
  ...documentOperations('BucketTagging', 'BucketTagging', 'tagging'),
  // S3 names this one, and only this one, differently when it is deleted.
  DeleteBucketLifecycle: onBucket('s3:PutLifecycleConfiguration', call => deleteDocument(call, 'lifecycle')),
  ListObjects: onBucket('s3:ListBucket', listObjects),
  ListObjectsV2: onBucket('s3:ListBucket', listObjectsV2),
  ListObjectVersions: onBucket('s3:ListBucketVersions', listObjectVersions),
  ListMultipartUploads: onBucket('s3:ListBucketMultipartUploads', listMultipartUploads),
  DeleteObjects: onBucket(undefined, deleteObjects),
  GetObject: onObject('s3:GetObject', getObject, 's3:GetObjectVersion'),
  HeadObject: onObject('s3:GetObject', headObject, 's3:GetObjectVersion'),
  GetObjectAttributes: onObject(
    's3:GetObjectAttributes',
    getObjectAttributes,
    's3:GetObjectVersionAttributes',
  ),
  GetObjectAcl: onObject('s3:GetObjectAcl', getObjectAcl, 's3:GetObjectVersionAcl'),
  PutObjectAcl: onObject('s3:PutObjectAcl', putAcl, 's3:PutObjectVersionAcl'),
  GetObjectTagging: onObject('s3:GetObjectTagging', getObjectTagging, 's3:GetObjectVersionTagging'),
  PutObjectTagging: onObject('s3:PutObjectTagging', putObjectTagging, 's3:PutObjectVersionTagging'),
  DeleteObjectTagging: onObject(
    's3:DeleteObjectTagging',
    deleteObjectTagging,
    's3:DeleteObjectVersionTagging',
  ),
  PutObject: onObject('s3:PutObject', putObject),
  CopyObject: onObject('s3:PutObject', copyObject),
  DeleteObject: onObject('s3:DeleteObject', deleteObject, 's3:DeleteObjectVersion'),
  CreateMultipartUpload: onObject('s3:PutObject', createMultipartUpload),
  UploadPart: onObject('s3:PutObject', uploadPart),
  UploadPartCopy: onObject('s3:PutObject', uploadPartCopy),
  CompleteMultipartUpload: onObject('s3:PutObject', completeMultipartUpload),
  AbortMultipartUpload: onObject('s3:AbortMultipartUpload', abortMultipartUpload),
  ListParts: onObject('s3:ListMultipartUploadParts', listParts),
};

/** The operation of that name; `undefined` when this server cannot do it. */
export function findOperation(name: string): Operation | undefined {
  return Object.hasOwn(operations, name) ? operations[name] : undefined;
}

function onBucket(permission: string | undefined, run: (call: BucketCall) => Promise<Answer>): Operation {
  return { level: 'bucket', permission, run };
}

function onObject(
  permission: string,
  run: (call: ObjectCall) => Promise<Answer>,
  versionPermission = permission,
): Operation {
  return { level: 'object', permission, versionPermission, run };
}

function documentOperations(
  noun: string,
  right: string,
  name: DocumentName,
): Readonly<Record<string, Operation>> {
  return {
    [`Get${noun}`]: onBucket(`s3:Get${right}`, call => getDocument(call, name)),
    [`Put${noun}`]: onBucket(`s3:Put${right}`, call => putDocument(call, name)),
    [`Delete${noun}`]: onBucket(`s3:Put${right}`, call => deleteDocument(call, name)),
  };
}
