/** One request from the first byte to the last: address, signature, region, permission, operation, answer. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialStore, Principal } from '../credentials.ts';
import { SignatureError, verifySignature } from '../http/signature.ts';
import { parseTarget, TargetError } from '../http/target.ts';
import { readAddress } from './address.ts';
import { S3Error } from './errors.ts';
import type { Answer, Call } from './operations/call.ts';
import { findOperation, type Operation } from './operations/table.ts';
import { sendAnswer, sendError } from './respond.ts';
import { nameOperation } from './route.ts';
import { isDenied, parsePolicy } from './rules/policy.ts';
import type { Bucket } from './store/bucket.ts';
import type { Store } from './store/index.ts';

export interface HandlerOptions {
  readonly store: Store;
  readonly region: string;
  readonly credentials: CredentialStore;
  readonly may: (principal: string, action: string, resource: string) => boolean;
  readonly clock: () => number;
  /** Hears of failures that S3 has no name for; the client gets `InternalError`. */
  readonly report: (error: unknown) => void;
}

/** Answers one request; never rejects. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  try {
    response.setHeader('server', 'local-aws');
    // The clock that signatures are held against: clients correct their own by it.
    response.setHeader('date', new Date(options.clock()).toUTCString());
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('x-amz-id-2', 'local-aws');
    await sendAnswer(response, await answerRequest(request, options));
  } catch (error) {
    const isGone = request.socket.destroyed;
    // Once the answer has begun nothing else can be said: a cut connection tells the client that it is not whole.
    if (response.headersSent && !isGone) options.report(error);
    if (response.headersSent || isGone) response.destroy();
    else sendError(request, response, toS3Error(error, options), requestId);
  }
  // What is left of a refused upload is read and dropped, or the client would be reset before it reads the answer.
  request.resume();
}

async function answerRequest(request: IncomingMessage, options: HandlerOptions): Promise<Answer> {
  const { store, credentials, region, may } = options;
  const now = options.clock();
  const target = parseTarget(request.url ?? '/');
  const query = new Map(target.query);
  const headers = mergeHeaders(request.headers, query);
  const { method = 'GET' } = request;
  const address = readAddress(headers.host ?? '', target);
  const verified = verifySignature(request, { service: 's3', credentials, now });
  const name = nameOperation({ method, address, query, headers });
  if (name === undefined) throw new S3Error('MethodNotAllowed');
  const operation = findOperation(name);
  if (operation === undefined)
    throw new S3Error('NotImplemented', `${name} is not implemented by this server.`);
  const call: Call = {
    store,
    headers,
    query,
    body: { request, headers, verified },
    now,
    defaultRegion: region,
    isDenied: (action, bucket, key) =>
      isCallDenied(verified.principal, action, bucket, key) ||
      !may(verified.principal.arn, action, arnOf(bucket, key)),
  };
  const { bucket: bucketName = '', key = '' } = address;
  switch (operation.level) {
    case 'service':
      if (!may(verified.principal.arn, 's3:ListAllMyBuckets', '*')) throw new S3Error('AccessDenied');
      return operation.run(call);
    case 'newBucket':
      if (!may(verified.principal.arn, 's3:CreateBucket', `arn:aws:s3:::${bucketName}`))
        throw new S3Error('AccessDenied');
      return operation.run(call, bucketName);
    case 'bucket':
    case 'object': {
      verifyRegion(store.record(bucketName), name, verified.scope.region);
      const bucket = await store.bucket(bucketName);
      authorize(call, operation, bucket, key);
      return operation.level === 'bucket'
        ? operation.run({ ...call, bucket })
        : operation.run({ ...call, bucket, key });
    }
  }
}

/** A presigned URL may carry x-amz headers in its query; S3 takes them as headers. */
function mergeHeaders(headers: IncomingHttpHeaders, query: ReadonlyMap<string, string>): IncomingHttpHeaders {
  if (!query.has('X-Amz-Signature')) return headers;
  const carried = [...query].filter(([name]) => /^x-amz-[a-z0-9-]+$/.test(name));
  // They may come back as headers of an answer, where no other characters can stand.
  if (!carried.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
    throw new S3Error('InvalidArgument');
  return { ...Object.fromEntries(carried), ...headers };
}

/** A bucket answers only to signatures of its own region, except for the question which region that is. */
function verifyRegion(
  bucket: { readonly name: string; readonly region: string },
  name: string,
  signed: string,
): void {
  if (bucket.region === signed || name === 'GetBucketLocation') return;
  throw new S3Error('PermanentRedirect', undefined, {
    elements: { Bucket: bucket.name, Region: bucket.region, Endpoint: `s3.${bucket.region}.amazonaws.com` },
    headers: { 'x-amz-bucket-region': bucket.region },
  });
}

function authorize(
  call: Call,
  operation: Extract<Operation, { level: 'bucket' | 'object' }>,
  bucket: Bucket,
  key: string,
): void {
  const owner = call.headers['x-amz-expected-bucket-owner'];
  if (owner !== undefined && owner !== '000000000000') throw new S3Error('AccessDenied');
  const needed =
    operation.level === 'object' && call.query.has('versionId')
      ? operation.versionPermission
      : operation.permission;
  if (needed === undefined) return;
  if (call.isDenied(needed, bucket, operation.level === 'object' ? key : undefined))
    throw new S3Error('AccessDenied');
}

/** Policies are parsed at each call: they are small, and tests set them rarely. */
function isCallDenied({ arn }: Principal, action: string, bucket: Bucket, key: string | undefined): boolean {
  const { name, documents } = bucket.record;
  const text = documents['policy'];
  if (text === undefined) return false;
  // The account's root may always mend a policy that locks everybody out.
  if (/:root$/.test(arn) && /^s3:(?:Get|Put|Delete)BucketPolicy$/.test(action)) return false;
  return isDenied(parsePolicy(text, name), { principal: arn, action, resource: arnOf(bucket, key) });
}

function arnOf(bucket: Bucket, key: string | undefined): string {
  return `arn:aws:s3:::${bucket.record.name}${key === undefined ? '' : `/${key}`}`;
}

function toS3Error(error: unknown, { report }: HandlerOptions): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof SignatureError) return new S3Error(error.code, error.message);
  if (error instanceof TargetError) return new S3Error('InvalidURI');
  report(error);
  return new S3Error('InternalError');
}
