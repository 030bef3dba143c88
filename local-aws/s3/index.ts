/** S3 on the local disk, as the AWS SDK v3 and the `aws` command line speak it. One server plays all regions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { CredentialStore } from '../credentials.ts';
import { handleRequest } from './handle.ts';
import { openStore } from './store/index.ts';
import { nullVersion } from './store/model.ts';
import { chooseObject } from './store/versions.ts';

/** The way into the stored bytes for the other services of this server: no signature, no bucket policy. */
export interface ObjectSource {
  /**
   * Finds a complete object (or one of its versions) as a file. The file never changes, but it goes away when the
   * object is deleted or overwritten: open or copy it at once, and never write to it.
   * Throws `S3Error`: `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` (a delete marker was named).
   */
  read(
    bucket: string,
    key: string,
    versionId?: string,
  ): Promise<{ readonly path: string; readonly size: number; readonly versionId?: string }>;
}

export interface S3Service {
  /** Answers one request, errors included; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly objects: ObjectSource;
  /** Waits for the requests in progress, then gives the folder up. */ close(): Promise<void>;
}

export interface S3Options {
  /** Folder that holds everything; made when absent. One process at a time. */
  readonly data: string;
  /** Region of buckets that ask for none. */
  readonly region: string;
  readonly credentials: CredentialStore;
  /** Whether the policies of the caller's role allow a call. @default true */
  readonly may?: (principal: string, action: string, resource: string) => boolean;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Hears of failures that S3 has no name for. @default one line on stderr */
  readonly report?: (error: unknown) => void;
}

/**
 * Opens the store in `options.data`, sweeping what a killed process left half-done.
 * Throws `LocalAwsError` `DATA_UNREADABLE` when another process holds the folder or a record is damaged.
 */
export async function openS3(options: S3Options): Promise<S3Service> {
  const { data, region, credentials, clock = Date.now, report = reportToStderr, may = () => true } = options;
  const store = await openStore(path.resolve(data));
  const running = new Set<Promise<void>>();
  return {
    handle: async (request, response) => {
      const task = handleRequest(request, response, { store, region, credentials, may, clock, report });
      running.add(task);
      await task;
      running.delete(task);
    },
    objects: {
      read: async (name, key, versionId) => {
        const bucket = await store.bucket(name);
        const object = chooseObject(bucket.versionsOf(key), key, versionId);
        return {
          path: bucket.pathOf(object.blob),
          size: object.size,
          ...(object.versionId === nullVersion ? {} : { versionId: object.versionId }),
        };
      },
    },
    close: async () => {
      await Promise.all(running);
      await store.close();
    },
  };
}

function reportToStderr(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`local-aws s3: ${JSON.stringify(text)}\n`);
}
