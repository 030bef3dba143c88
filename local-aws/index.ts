/** S3, Lambda and what belongs to functions on 127.0.0.1, as the AWS SDKs and the `aws` command line speak to them. A development tool. */
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { openApis } from './api/index.ts';
import { createCredentialStore } from './credentials.ts';
import { openIam } from './iam/index.ts';
import { type LambdaService, openLambda } from './lambda/index.ts';
import { closeServer, listenOn, portTaken } from './lambda/url-listeners.ts';
import { openLogs } from './logs/index.ts';
import { openMonitoring } from './monitoring/index.ts';
import { openS3 } from './s3/index.ts';
import { openSandbox } from './sandbox/index.ts';
import type { InvocationRecord } from './sandbox/report.ts';
import type { SandboxKind } from './sandbox/types.ts';

export { LocalAwsError, type LocalAwsErrorCode } from './errors.ts';
export type { InvocationRecord } from './sandbox/report.ts';

export interface LocalAwsOptions {
  /** Port of S3 and Lambda; 0 for any free one. @default 4566 */
  readonly port?: number;
  /** Port of the first function URL, the next ones follow; 0 for any free one. @default 3000 */
  readonly urlPort?: number;
  /** Folder of everything that is kept. One process at a time. @default .local-aws */
  readonly data?: string;
  /** @default us-east-1, or AWS_REGION */
  readonly region?: string;
  /** How functions are isolated; `auto` takes the best that the machine offers. @default auto */
  readonly sandbox?: SandboxKind | 'auto';
  /** Shortest time in milliseconds that a change of a function stays Pending or InProgress. @default 50 */
  readonly changeMs?: number;
  /** Gets one line for each thing worth knowing. @default nothing is said */
  readonly log?: (line: string) => void;
}

export interface LocalAws {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `isolated` is the one honest line: what is isolated and limited here, and what is not. */
  readonly sandbox: { readonly kind: SandboxKind; readonly isolated: string };
  /** The last invocations, newest last, at most 200. */
  readonly invocations: readonly InvocationRecord[];
  /** Calls `listener` with each invocation from now on; returns what ends that. */
  onInvocation(listener: (record: InvocationRecord) => void): () => void;
  /**
   * Shuts down the execution environments of a function, so that its next invocation starts cold. AWS has no such
   * call: there one changes the configuration.
   */
  endEnvironments(functionName: string): Promise<void>;
  /** Ends the server and every function. Nothing is left running or mounted. */
  close(): Promise<void>;
}

/** LocalStack's account, which its users have in their settings. */
const account = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/**
 * Starts S3 and Lambda over what `data` holds. Binds loopback only.
 *
 * Throws `LocalAwsError`: `PORT_TAKEN` (details: `port`, and `option`, "port" or "urlPort"),
 * `SANDBOX_UNAVAILABLE` when the sandbox asked for cannot be had, `DATA_UNREADABLE` for a damaged record.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { port = 4566, urlPort = 3000, log = () => {} } = options;
  const region = options.region ?? process.env['AWS_REGION'] ?? 'us-east-1';
  const data = resolve(options.data ?? '.local-aws');
  mkdirSync(data, { recursive: true });

  const server = createServer();
  // A request is as long as an upload is slow, and a function may take 15 minutes to answer.
  server.requestTimeout = 0;
  // Node's 5 s end a connection just when a client that was busy for so long uses it again (ECONNRESET).
  server.keepAliveTimeout = 60_000;
  // Whoever knocks while the sandbox is being made waits for the answer.
  const opened = Promise.withResolvers<(request: IncomingMessage, response: ServerResponse) => void>();
  opened.promise.catch(() => {});
  server.on('request', async (request, response) => (await opened.promise)(request, response));
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    await listenOn(server, port).catch(cause => {
      throw portTaken(port, 'port', cause);
    });
    undo.push(() => closeServer(server));
    await requireFree(urlPort);
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const store = createCredentialStore([{ ...credentials, arn: `arn:aws:iam::${account}:root` }]);
    const place = { region, account };
    const changeMs = options.changeMs ?? 50;
    const iam = openIam(join(data, 'roles'), place, changeMs);
    const logs = openLogs(join(data, 'logs'), place);
    const monitoring = openMonitoring(join(data, 'alarms'), place);
    const apis = openApis([logs.api, monitoring.api, iam.api, iam.sts], store, log);
    const s3 = await openS3({ data: join(data, 's3'), region, credentials: store, may: iam.may });
    undo.unshift(() => logs.close());
    // Last of all: it waits for the requests that the others are still ending.
    undo.unshift(() => s3.close());
    const sandbox = await openSandbox(options.sandbox ?? 'auto');
    undo.push(() => sandbox.close());
    const lambda: LambdaService = await openLambda({
      data: join(data, 'lambda'),
      ...{ place, iam, writeLog: logs.write },
      credentials: store,
      objects: s3.objects,
      ...{ endpoint, sandbox, urlPort, log, changeMs },
    });
    undo.push(() => lambda.close());
    lambda.onInvocation(monitoring.add);
    opened.resolve((request, response) => {
      const service = [apis, lambda].find(one => one.matches(request)) ?? s3;
      void service.handle(request, response);
    });
    return {
      endpoint,
      region,
      credentials,
      sandbox: { kind: sandbox.kind, isolated: sandbox.isolated },
      invocations: lambda.invocations,
      onInvocation: lambda.onInvocation,
      endEnvironments: lambda.endEnvironments,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first function URL is announced at this port, so it is better refused now than in the middle of a deployment. */
async function requireFree(port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await listenOn(probe, port).catch(cause => {
    throw portTaken(port, 'urlPort', cause);
  });
  await closeServer(probe);
}
