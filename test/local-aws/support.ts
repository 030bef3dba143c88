/** For tests against local-aws: a server of their own, clients, and small functions written in place. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { ZipArchive } from 'archiver';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../local-aws/index.ts';

export interface Bench extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly lambda: LambdaClient;
  readonly data: string;
  readonly lines: readonly string[];
  /** Stops the server and starts another over the same data. */
  restart(): Promise<void>;
}

/** The role that every function of the tests names. */
export const role = 'arn:aws:iam::000000000000:role/test';

/** Starts local-aws on free ports over a folder of its own; `await using` ends it and deletes the folder. */
export async function openBench(options: LocalAwsOptions = {}): Promise<Bench> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'local-aws-test-')));
  const lines: string[] = [];
  const start = (): Promise<LocalAws> =>
    startLocalAws({ port: 0, urlPort: 0, data, log: line => void lines.push(line), ...options });
  let aws = await start();
  let lambda = clientOf(aws);
  return {
    get aws() {
      return aws;
    },
    get lambda() {
      return lambda;
    },
    data,
    lines,
    async restart() {
      lambda.destroy();
      await aws.close();
      aws = await start();
      lambda = clientOf(aws);
    },
    async [Symbol.asyncDispose]() {
      lambda.destroy();
      await aws.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export function clientOf(aws: LocalAws): LambdaClient {
  return new LambdaClient({
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: aws.credentials,
    maxAttempts: 1,
  });
}

/** A zip of texts by path; what begins with #! may be executed. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = new ZipArchive();
  const chunks: Buffer[] = [];
  archive.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const [name, content] of Object.entries(files)) {
    archive.append(content, { name, mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
  await archive.finalize();
  return Buffer.concat(chunks);
}

/** Waits until nothing is in progress any more; every answer is asked for anew, as a client of AWS has to. */
export async function untilReady(lambda: LambdaClient, name: string): Promise<void> {
  for (;;) {
    const now = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    if (now.State !== 'Pending' && now.LastUpdateStatus !== 'InProgress') return;
    await new Promise(setImmediate);
  }
}

export interface FunctionOptions extends Partial<Omit<CreateFunctionCommandInput, 'FunctionName' | 'Code'>> {
  /** Files by path. @default index.mjs that gives the event back */
  readonly files?: Readonly<Record<string, string>>;
}

/** Creates a function and waits until it is active. */
export async function createFunction(
  lambda: LambdaClient,
  name: string,
  options: FunctionOptions = {},
): Promise<void> {
  const { files = { 'index.mjs': 'export const handler = async event => event;' }, ...input } = options;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: await zipOf(files) },
      ...input,
    }),
  );
  await untilReady(lambda, name);
}

export interface Answer {
  readonly value: unknown;
  readonly error: string | undefined;
  readonly log: string;
  readonly version: string | undefined;
}

/** Invokes and waits; `value` is the payload as JSON, `log` the tail. */
export async function invoke(
  lambda: LambdaClient,
  name: string,
  event: unknown = {},
  qualifier?: string,
): Promise<Answer> {
  const answer = await lambda.send(
    new InvokeCommand({
      FunctionName: name,
      Payload: Buffer.from(JSON.stringify(event)),
      LogType: 'Tail',
      ...(qualifier ? { Qualifier: qualifier } : {}),
    }),
  );
  return {
    value: JSON.parse(Buffer.from(answer.Payload ?? []).toString() || 'null'),
    error: answer.FunctionError,
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
    version: answer.ExecutedVersion,
  };
}
