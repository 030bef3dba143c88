/** S3 on the local disk, as the AWS SDK v3 and the `aws` command line speak it. One server plays all regions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialStore } from '../credentials.ts';
import { S3Error } from './errors.ts';

/** The way into the stored bytes for the other services of this server: no signature, no bucket policy. */
export interface ObjectSource {
  /**
   * Finds a complete object (or one of its versions) as a file. The file never changes, but it goes away when the
   * object is deleted or overwritten: open or copy it at once, and never write to it.
   * Throws `S3Error`: `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`.
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
  close(): Promise<void>;
}

export interface S3Options {
  /** Folder that holds everything; made when absent. One process at a time. */
  readonly data: string;
  /** Region of buckets that ask for none. */
  readonly region: string;
  readonly credentials: CredentialStore;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** Opens the store in `options.data`. */
export async function openS3(_options: S3Options): Promise<S3Service> {
  return {
    handle: async (_request, response) => {
      const { status, message } = new S3Error('NotImplemented');
      response.writeHead(status).end(message);
    },
    objects: {
      read: async () => {
        throw new S3Error('NoSuchBucket');
      },
    },
    close: async () => {},
  };
}
