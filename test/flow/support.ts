/** A project, an embedded S3 and Lambda, and the real command line between them. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ExecutionContext } from 'ava';
import { startLocalAws } from '../../local-aws/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const region = 'us-east-1';
export const bucket = 'flow-test';

export interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly stderr: string;
}

export interface Flow {
  readonly project: string;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  /** Runs a command with `--json` and answers its document and exit status. */
  run(...words: string[]): Promise<Answer>;
  close(): Promise<void>;
}

/** Copies the fixture project to a folder of its own and starts an empty S3 and Lambda for it. */
export async function openFlow(fixture: string): Promise<Flow> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-'));
  const project = path.join(folder, 'project');
  cpSync(new URL(`../fixtures/${fixture}`, import.meta.url), project, { recursive: true });
  const local = await startLocalAws({ port: 0, urlPort: 0, data: path.join(folder, 'aws') });
  const client = { region, endpoint: local.endpoint, credentials: local.credentials };
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const lambda = new LambdaClient(client);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
  };
  return {
    project,
    s3,
    lambda,
    run: (...words) =>
      new Promise(resolve => {
        const args = [path.join(root, 'layer-builder/cli.ts'), ...words, '--json', '--project', project];
        execFile(process.execPath, args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
          const status = error === null ? 0 : Number(error.code);
          resolve({ status, data: stdout === '' ? undefined : JSON.parse(stdout), stderr });
        });
      }),
    close: async () => {
      s3.destroy();
      lambda.destroy();
      await local.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface BuiltDocument {
  readonly artifacts: readonly [{ readonly digest: string; readonly path: string }];
}

/** Runs a command that must succeed; its whole answer is in the test's output when it does not. */
export async function must<Document>(
  t: Pick<ExecutionContext, 'is'>,
  answer: Promise<Answer>,
): Promise<Document> {
  const { status, data, stderr } = await answer;
  t.is(status, 0, `${JSON.stringify(data)}\n${stderr}`);
  return data as Document;
}
