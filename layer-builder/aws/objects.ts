/** The role ObjectStore on S3: objects read by key, written only under a condition. */
import { Readable } from 'node:stream';
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { nameOf, statusOf } from './failures.ts';

export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the whole object in base64, where S3 keeps one; composite ones are no proof and are left out. */
  readonly sha256?: string;
  /** Only where the bucket is versioned. */
  readonly versionId?: string;
  readonly etag: string;
}

/** Written only if nothing is there, or only if what is there still has this ETag. */
export type Condition = { readonly absent: true } | { readonly etag: string };

export type PutResult =
  | { readonly written: true; readonly versionId?: string; readonly etag: string }
  /** The condition did not hold (412): somebody else's object is there. */
  | { readonly written: false };

export interface ObjectStore {
  /** undefined: no such object. */
  head(key: string): Promise<ObjectFacts | undefined>;
  get(key: string): Promise<{ readonly bytes: Buffer; readonly facts: ObjectFacts } | undefined>;
  /** `sha256` of the bytes in base64; S3 refuses a body that does not have it. */
  put(key: string, bytes: Buffer, sha256: string, condition: Condition): Promise<PutResult>;
}

/** An upload of 250 MB over a slow line takes minutes. */
const uploadTimeoutMs = 600_000;
/** A body that is silent for so long is given up. */
const stallMs = 10_000;

/** Throws `BUCKET_NOT_FOUND`, `ACCESS_DENIED`, `CREDENTIALS_*`, `ENDPOINT_UNREACHABLE`, `THROTTLED`, `PUBLISH_FAILED`. */
export async function openObjectStore(
  { s3 }: AwsClients,
  call: Caller,
  bucket: string,
): Promise<ObjectStore> {
  const { GetObjectCommand, HeadObjectCommand, PutObjectCommand } = await import('@aws-sdk/client-s3');

  const get = async (key: string, range?: string) => {
    const input = {
      Bucket: bucket,
      Key: key,
      ChecksumMode: 'ENABLED',
      ...(range ? { Range: range } : {}),
    } as const;
    return await absent(
      'NoSuchKey',
      call(about('s3:GetObject', key, { expected: isName('NoSuchKey') }), async options => {
        const answer = await s3.send(new GetObjectCommand(input), options);
        const bytes = await readBody(answer.Body);
        return { bytes, facts: factsOf(answer) };
      }),
    );
  };

  const about = (action: string, key: string, more: object = {}) => ({
    action,
    resource: `s3://${bucket}/${key}`,
    ...more,
  });

  return {
    get: key => get(key),
    async head(key) {
      const input = { Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' } as const;
      for (let again = false; ; again = true) {
        try {
          const answer = await call(about('s3:GetObject', key, { expected: hasNoBody }), options =>
            s3.send(new HeadObjectCommand(input), options),
          );
          return factsOf(answer);
        } catch (error) {
          if (!hasNoBody(error)) throw error;
          // The answer to HEAD has no body: only GET says whether key, bucket or permission is missing.
          const found = await get(key, 'bytes=0-0');
          if (found === undefined || again) return undefined;
        }
      }
    },
    async put(key, bytes, sha256, condition) {
      const input = {
        Bucket: bucket,
        Key: key,
        Body: bytes,
        ChecksumSHA256: sha256,
        ContentType: key.endsWith('.json') ? 'application/json' : 'application/zip',
        ...('absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.etag }),
      };
      // If-Match on an object that was deleted meanwhile answers 404: the condition does not hold either.
      const refused = (error: unknown) =>
        statusOf(error) === 412 || ('etag' in condition && nameOf(error) === 'NoSuchKey');
      try {
        const answer = await call(
          about('s3:PutObject', key, { expected: refused, timeoutMs: uploadTimeoutMs }),
          options => s3.send(new PutObjectCommand(input), options),
        );
        return { written: true, etag: answer.ETag ?? '', ...versionOf(answer.VersionId) };
      } catch (error) {
        if (refused(error)) return { written: false };
        throw error;
      }
    },
  };
}

/** The SDK's time-outs end with the headers: a body that stalls would be waited for without end. */
async function readBody(body: unknown): Promise<Buffer> {
  if (!(body instanceof Readable)) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  const silence = () => body.destroy(Object.assign(new Error('the body stalled'), { name: 'TimeoutError' }));
  let timer = setTimeout(silence, stallMs);
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(silence, stallMs);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

function factsOf(answer: {
  ContentLength?: number | undefined;
  ETag?: string | undefined;
  VersionId?: string | undefined;
  ChecksumSHA256?: string | undefined;
}): ObjectFacts {
  const sha256 = answer.ChecksumSHA256;
  return {
    size: answer.ContentLength ?? 0,
    etag: answer.ETag ?? '',
    ...versionOf(answer.VersionId),
    // A SHA-256 in base64 has 44 characters; a composite one ends in `-<parts>`.
    ...(sha256?.length === 44 ? { sha256 } : {}),
  };
}

/** A bucket whose versioning is suspended says "null". */
function versionOf(versionId: string | undefined): { versionId?: string } {
  return versionId === undefined || versionId === 'null' ? {} : { versionId };
}

function hasNoBody(error: unknown): boolean {
  return [400, 403, 404].includes(statusOf(error) ?? 0);
}

function isName(name: string): (error: unknown) => boolean {
  return error => nameOf(error) === name;
}

async function absent<Answer>(name: string, answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (nameOf(error) === name) return undefined;
    throw error;
  }
}
