/** Lays out what each contender needs: built and published artifact, raw node_modules, bundle, S3 on loopback. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { buildProject } from '../../layer-builder/build/index.ts';
import { packageFunction } from '../../layer-builder/package/index.ts';
import { publishProject } from '../../layer-builder/publish/index.ts';
import type { LocalAws } from '../../local-aws/index.ts';
import { startLocalAws } from '../../local-aws/index.ts';
import { drivers } from './drivers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const region = 'us-east-1';
const bucket = 'bench';

export interface Places {
  readonly folder: string;
  readonly local: LocalAws;
  readonly env: NodeJS.ProcessEnv;
  /** Bytes of the zip that ours downloads, of the raw zip, and files in each. */
  readonly ours: { readonly bytes: number; readonly files: number };
  readonly raw: { readonly bytes: number; readonly files: number };
}

export async function prepare(progress: (line: string) => void): Promise<Places> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-cold-start-'));
  chmodSync(folder, 0o755);
  const project = path.join(folder, 'project');
  mkdirSync(project);
  for (const name of ['src', 'package.json', 'package-lock.json', 'layer-builder.config.ts']) {
    cpSync(path.join(root, name), path.join(project, name), { recursive: true });
  }
  const local = await startLocalAws({ port: 0, urlPort: 0, data: path.join(folder, 'aws') });
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
    FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
    FAST_API__AUTH__API_KEY__VALUE: 'bench-key',
  };
  const s3 = new S3Client({
    region,
    endpoint: local.endpoint,
    credentials: local.credentials,
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  progress('building and publishing the service');
  const built = await buildProject(project, { progress });
  await publishProject(project, { bucket, regions: [region] }, env);
  const code = await packageFunction(project);
  const [artifact] = built.artifacts;
  if (artifact === undefined) throw new Error('the service has no artifact');
  unzip(code.path, path.join(folder, 'ours'));
  unzip(artifact.path, path.join(folder, 'opt'));
  progress('laying out the peers');
  // a copy: the builder's own folders are closed to other users, the children run as Lambda's
  const modules = path.join(folder, 'raw-layer/node_modules');
  cpSync(rawModules(path.join(project, '.layer-builder/cache')), modules, { recursive: true });
  cpSync(path.join(root, 'node_modules/serverless-http'), path.join(modules, 'serverless-http'), {
    recursive: true,
  });
  layOut(folder, 'plain');
  symlinkSync(modules, path.join(folder, 'plain/node_modules'));
  // the SDK and unzipper are the runtime's and the handler's own: they lie above the app, as in /var/runtime
  layOut(folder, 'original/task');
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'original/node_modules'));
  const rawZip = path.join(folder, 'raw.zip');
  execFileSync('zip', ['-qr9', rawZip, 'node_modules'], { cwd: path.dirname(modules) });
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'raw.zip', Body: readFileSync(rawZip) }));
  s3.destroy();
  await bundle(path.join(folder, 'bundle'), modules);
  for (const [name, target] of [
    ['ours', 'ours'],
    ['plain', 'plain'],
    ['original', 'original/task'],
    ['bundle', 'bundle'],
    ['bare', 'ours'],
  ] as const) {
    writeFileSync(path.join(folder, target, `driver-${name}.mjs`), drivers[name]);
  }
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile(),
  ).length;
  return {
    folder,
    local,
    env: { ...env, BENCH_BUCKET: bucket, BENCH_KEY: 'raw.zip' },
    ours: { bytes: artifact.size, files: artifact.files },
    raw: { bytes: readFileSync(rawZip).length, files },
  };
}

/** The app's own modules without handler and lock. */
function layOut(folder: string, target: string): void {
  mkdirSync(path.join(folder, target), { recursive: true });
  for (const name of readdirSync(path.join(folder, 'ours'))) {
    if (name.startsWith('app')) cpSync(path.join(folder, 'ours', name), path.join(folder, target, name));
  }
}

function rawModules(cache: string): string {
  const [install] = readdirSync(cache);
  if (install === undefined) throw new Error('the build left no installation');
  return path.join(cache, install, 'node_modules');
}

async function bundle(target: string, modules: string): Promise<void> {
  mkdirSync(target);
  await build({
    stdin: {
      contents: `export { createApp } from ${JSON.stringify(path.join(root, 'src/app.ts'))};\nexport { default as serverless } from 'serverless-http';`,
      resolveDir: path.dirname(modules),
    },
    outfile: path.join(target, 'bundle.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    nodePaths: [modules],
    external: ['@aws-sdk/*'],
    // CommonJS packages inside an ES module ask for these names
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}

function unzip(zip: string, into: string): void {
  mkdirSync(into, { recursive: true });
  execFileSync('unzip', ['-q', zip, '-d', into]);
}
