/** An S3 server of its own for each test: a temporary folder, a free port, an unchanged SDK client. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { ExecutionContext } from 'ava';
import { type CredentialStore, createCredentialStore } from '../../../local-aws/credentials.ts';
import { openS3, type S3Options, type S3Service } from '../../../local-aws/s3/index.ts';

export const account = '000000000000';
const [accessKeyId = '', secretAccessKey = ''] = (process.env['JUDGE_KEY'] ?? 'test test').split(' ');
export const rootKey = {
  ...{ accessKeyId, secretAccessKey },
  arn: `arn:aws:iam::${account}:root`,
};
export const userKey = {
  accessKeyId: 'AKIAUSER',
  secretAccessKey: 'user-secret',
  arn: `arn:aws:iam::${account}:user/dev`,
};

export interface TestServer {
  readonly endpoint: string;
  readonly data: string;
  readonly service: S3Service;
  readonly credentials: CredentialStore;
  readonly client: S3Client;
  /** Another client, by default with the same settings. */ connect(
    config?: Partial<S3ClientConfig>,
  ): S3Client;
}

/**
 * Starts a server that ends with the test, and fails the test if the server met a failure S3 has no name for. Where
 * `JUDGE_S3` names the address of a server that is not ours, the test judges that one: what it confirms is not only
 * our own opinion of S3 (test/judges).
 */
export async function startServer(
  t: ExecutionContext,
  options: Partial<S3Options> = {},
): Promise<TestServer> {
  const judge = process.env['JUDGE_S3'];
  if (judge !== undefined) return await askJudge(t, judge, options);
  const data = options.data ?? (await temporaryFolder(t));
  const credentials = options.credentials ?? createCredentialStore([rootKey, userKey]);
  const report = (error: unknown) =>
    t.fail(`internal error: ${error instanceof Error ? error.stack : error}`);
  const service = await openS3({ region: 'us-east-1', report, ...options, data, credentials });
  const { port, close } = await listen((request, response) => void service.handle(request, response));
  const endpoint = `http://127.0.0.1:${port}`;
  const { connect, destroy } = clientsOf(endpoint);
  t.teardown(async () => {
    destroy();
    await close();
    await service.close();
  });
  return { endpoint, data, service, credentials, client: connect(), connect };
}

/** Said by tests that look into the server, which only our own allows. */
export const ownServerOnly = 'this test needs our own server';

/** A judge as the server of a test: emptied first, for it goes on from test to test. */
async function askJudge(
  t: ExecutionContext,
  endpoint: string,
  options: Partial<S3Options>,
): Promise<TestServer> {
  if (Object.keys(options).length > 0) throw new Error(ownServerOnly);
  const { connect, destroy } = clientsOf(endpoint);
  await empty(connect());
  t.teardown(destroy);
  const ours = (): never => {
    throw new Error(ownServerOnly);
  };
  return {
    ...{ endpoint, client: connect(), connect },
    get data() {
      return ours();
    },
    get service() {
      return ours();
    },
    get credentials() {
      return ours();
    },
  };
}

/** Deletes every bucket with its versions and unfinished uploads. */
async function empty(client: S3Client): Promise<void> {
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  for (const { Name: Bucket } of Buckets) {
    await client.send(new DeleteBucketPolicyCommand({ Bucket })).catch(() => {});
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of Uploads)
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    await client.send(new DeleteBucketCommand({ Bucket }));
  }
}

/** Clients of one endpoint, by default with the root's key. */
function clientsOf(endpoint: string) {
  const clients: S3Client[] = [];
  const connect = (config: Partial<S3ClientConfig> = {}) => {
    const client = new S3Client({
      ...{ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
      credentials: rootKey,
      ...config,
    });
    clients.push(client);
    return client;
  };
  return {
    connect,
    destroy: () => {
      for (const client of clients) client.destroy();
    },
  };
}

/** Listens on a free port of the loopback interface. */
export async function listen(
  handler: RequestListener,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'local-aws-s3-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What an SDK call failed with: code, status and message of the error. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly code: string; readonly status: number | undefined; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { code: name, status: $metadata?.httpStatusCode, message };
  }
  return { code: 'no failure', status: undefined, message: '' };
}

/** Names of all files below a folder; folders themselves are left out. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(entry => entry.name);
}
