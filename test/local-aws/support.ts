/** For tests against local-aws: a server of their own, clients, and small functions written in place. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
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

/**
 * Starts local-aws on free ports over a folder of its own; `await using` ends it and deletes the folder. Where
 * `JUDGE_LAMBDA` names the address of a server that is not ours, the test judges that one (test/judges).
 */
export async function openBench(options: LocalAwsOptions = {}): Promise<Bench> {
  const judge = process.env['JUDGE_LAMBDA'];
  if (judge !== undefined) return await askJudge(judge, options);
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

/** Said by tests that look into the server, which only our own allows. */
export const ownServerOnly = 'this test needs our own server';

/** moto as the server of a test: emptied first, with the role of the tests. */
async function askJudge(endpoint: string, { sandbox: _, ...options }: LocalAwsOptions): Promise<Bench> {
  const ours = (): never => {
    throw new Error(ownServerOnly);
  };
  if (Object.keys(options).length > 0) return ours();
  const at = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
  const iam = new IAMClient(at);
  await iam.send(new CreateRoleCommand({ RoleName: 'test', AssumeRolePolicyDocument: trust }));
  iam.destroy();
  const lambda = clientOf(at);
  return {
    // The rest of the program is asked of no judge.
    aws: new Proxy(at as LocalAws, { get: (found, name) => Reflect.get(found, name) ?? ours() }),
    lambda,
    get data() {
      return ours();
    },
    get lines() {
      return ours();
    },
    restart: ours,
    async [Symbol.asyncDispose]() {
      lambda.destroy();
    },
  };
}

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

export function clientOf(aws: Pick<LocalAws, 'endpoint' | 'region' | 'credentials'>): LambdaClient {
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
