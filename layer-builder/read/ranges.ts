/** Bytes of a zip by ranges, from a file, an S3 object or a signed address, so that looking inside costs little. */
import { open } from 'node:fs/promises';
import type { Caller } from '../aws/calls.ts';
import type { AwsClients } from '../aws/clients.ts';
import { nameOf } from '../aws/failures.ts';
import { fail } from '../errors.ts';

export interface RangeSource {
  /** What messages call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the whole in hexadecimal, where somebody keeps it. */
  readonly sha256: string | undefined;
  /** Bytes fetched so far. */
  fetched(): number;
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Throws `NOT_FOUND`. */
export async function openFile(path: string): Promise<RangeSource> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) =>
    fail('NOT_FOUND', `cannot read ${JSON.stringify(path)} (expected a zip, found ${cause.code})`, {
      hint: 'the artifacts of the last build are in .layer-builder/artifacts',
      cause,
    }),
  );
  const { size } = await file.stat();
  return counted(
    { name: path, size, sha256: undefined, close: () => file.close() },
    async (offset, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
  );
}

/** Throws `NOT_FOUND` and what a call throws. */
export async function openObject(
  clients: AwsClients,
  call: Caller,
  bucket: string,
  key: string,
): Promise<RangeSource> {
  const { GetObjectCommand, HeadObjectCommand } = await import('@aws-sdk/client-s3');
  const name = `s3://${bucket}/${key}`;
  const object = { Bucket: bucket, Key: key };
  // The answer to HEAD has no body, so a missing key is only NotFound there.
  const isMissing = (error: unknown) => ['NoSuchKey', 'NotFound'].includes(nameOf(error));
  const about = { action: 's3:GetObject', resource: name, expected: isMissing };
  const head = await call(about, options =>
    clients.s3.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }), options),
  ).catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    return fail('NOT_FOUND', `no object ${name}`, { hint: 'layer-builder list shows what is there', cause });
  });
  const size = head.ContentLength ?? 0;
  const checksum = head.ChecksumSHA256;
  const sha256 = checksum?.length === 44 ? Buffer.from(checksum, 'base64').toString('hex') : undefined;
  return counted({ name, size, sha256, close: async () => {} }, (offset, length) =>
    call(about, async options => {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const answer = await clients.s3.send(new GetObjectCommand({ ...object, Range: range }), options);
      return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    }),
  );
}

/** A signed address that Lambda handed out; it is a secret, so no message shows it. */
export async function openAddress(
  call: Caller,
  facts: {
    readonly name: string;
    readonly address: string;
    readonly size: number;
    readonly sha256: string | undefined;
  },
): Promise<RangeSource> {
  const { name, size, sha256 } = facts;
  return counted({ name, size, sha256, close: async () => {} }, (offset, length) =>
    call({ action: 'the download of code', resource: name }, async ({ abortSignal }) => {
      const answer = await fetch(facts.address, {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
        ...(abortSignal ? { signal: abortSignal } : {}),
      });
      if (!answer.ok) {
        throw Object.assign(new Error(`status ${answer.status}`), {
          $metadata: { httpStatusCode: answer.status },
        });
      }
      const bytes = Buffer.from(await answer.arrayBuffer());
      // A server that ignores the range sends everything.
      return answer.status === 206 ? bytes : bytes.subarray(offset, offset + length);
    }),
  );
}

type Facts = Pick<RangeSource, 'name' | 'size' | 'sha256' | 'close'>;

function counted(facts: Facts, read: RangeSource['read']): RangeSource {
  let fetched = 0;
  return {
    ...facts,
    fetched: () => fetched,
    async read(offset, length) {
      const bytes = await read(offset, Math.max(0, Math.min(length, facts.size - offset)));
      fetched += bytes.length;
      return bytes;
    },
  };
}
