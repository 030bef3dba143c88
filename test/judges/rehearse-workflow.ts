/** Runs the steps of the deployment workflow as GitHub would, job after job, against S3 and Lambda of this machine. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalAws } from '../../local-aws/index.ts';
import { bring, execute, load, root } from './tools.ts';
import type { Judgement } from './types.ts';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly needs?: string | string[]; readonly steps: readonly Step[] }>
  >;
}

/** What stands for the checkout, for GitHub's own actions, and for `npm ci` and `npm test` of the project. */
const left = /^npm (ci|test)$/;
const region = 'us-east-1';

export async function rehearse(file: string): Promise<Judgement> {
  const { load: parse } = await load<{ load(text: string): Workflow }>(
    await bring('js-yaml'),
    'js-yaml/dist/js-yaml.mjs',
  );
  const { jobs } = parse(readFileSync(file, 'utf8'));
  const folder = mkdtempSync(path.join(tmpdir(), 'workflow-'));
  const local = await startLocalAws({ port: 0, urlPort: 0, data: path.join(folder, 'aws'), region });
  const about = { what: `the steps of ${path.basename(file)}, run in order`, judge: 'local-aws' };
  try {
    const { endpoint, credentials } = local;
    await new S3Client({ endpoint, region, credentials, forcePathStyle: true }).send(
      new CreateBucketCommand({ Bucket: 'workflow' }),
    );
    const env = { ...environmentOf(local), PATH: `${shims(folder)}:${process.env['PATH']}` };
    const known: Record<string, string> = {
      'vars.ARTIFACT_BUCKET': 'workflow',
      'secrets.API_KEY': 'k'.repeat(16),
    };
    for (const [job, { steps }] of Object.entries(jobs)) {
      const project = path.join(folder, job);
      checkout(project, path.join(folder, 'lock'));
      for (const step of steps) {
        if (step.run === undefined || left.test(step.run.trim())) continue;
        const output = path.join(folder, 'output');
        writeFileSync(output, '');
        const own = Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value, known, job)]);
        const done = await execute('bash', ['-eo', 'pipefail', '-c', filled(step.run, known, job)], {
          cwd: project,
          env: { ...env, ...Object.fromEntries(own), GITHUB_OUTPUT: output },
        });
        if (done.status !== 0) {
          return {
            ...about,
            verdict: 'failed',
            said: `job ${job}, ${step.run}\n${done.output.slice(-2000)}`,
          };
        }
        for (const line of readFileSync(output, 'utf8').split('\n')) {
          const [name, value] = line.split('=', 2);
          if (value) known[`needs.${job}.outputs.${name}`] = value;
        }
      }
      if (job === 'dev') cpSync(path.join(project, 'deps.lock.json'), path.join(folder, 'lock'));
    }
    return { ...about, verdict: 'passed', said: Object.keys(jobs).join(' → ') };
  } finally {
    await local.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function filled(text: string, known: Readonly<Record<string, string>>, job: string): string {
  return text.replace(/\$\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) => {
    const value = name === 'github.job' ? job : known[name];
    if (value === undefined) throw new Error(`the workflow uses ${name}, which nothing has set`);
    return value;
  });
}

/** A fresh copy of the project, with the lock of the job before: what the actions of GitHub bring. */
function checkout(project: string, lock: string): void {
  const isLeft = (file: string) =>
    /^(node_modules|\.git|\.layer-builder|\.local-aws|test|bench|docs)$/.test(path.relative(root, file));
  cpSync(root, project, { recursive: true, filter: file => !isLeft(file) });
  try {
    cpSync(lock, path.join(project, 'deps.lock.json'));
  } catch {
    // The first job makes it.
  }
}

/** `npx layer-builder` is this checkout's. */
function shims(folder: string): string {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const cli = path.join(root, 'layer-builder/cli.ts');
  writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${cli}" "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}

function environmentOf({
  endpoint,
  credentials,
}: Awaited<ReturnType<typeof startLocalAws>>): NodeJS.ProcessEnv {
  return {
    HOME: process.env['HOME'],
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}
