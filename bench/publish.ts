/** Publishing: first, unchanged, and to four regions, in time and requests; the same calls by the aws command line. */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProject } from '../layer-builder/build/index.ts';
import { publishProject } from '../layer-builder/publish/index.ts';
import { startLocalAws } from '../local-aws/index.ts';
import type { Bench, Result, Row } from './support/result.ts';
import type { Contender } from './support/statistics.ts';
import { interleave, summarise } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const home = 'us-east-1';
const four = [home, 'eu-west-1', 'eu-central-1', 'ap-southeast-2'];

export const bench: Bench = {
  name: 'publish',
  async run(progress) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-publish-'));
    const local = await startLocalAws({
      port: 0,
      urlPort: 0,
      data: path.join(folder, 'aws'),
      sandbox: 'process',
    });
    const counter = await countRequests(local.endpoint);
    try {
      const project = path.join(folder, 'project');
      cpSync(fileURLToPath(new URL('../test/fixtures/second-project', import.meta.url)), project, {
        recursive: true,
      });
      await buildProject(project);
      const env = {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        AWS_ENDPOINT_URL: counter.endpoint,
        AWS_REGION: home,
        AWS_DEFAULT_REGION: home,
        AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
        AWS_MAX_ATTEMPTS: '1',
      };
      const samples = await interleave(contenders(project, env, counter), rounds, 1, progress);
      const rows: Row[] = [...samples].map(([contender, figures]) => ({
        contender,
        figures: Object.fromEntries(
          Object.entries(figures).map(([name, values]) => [name, summarise(values)]),
        ),
      }));
      return resultOf(rows);
    } finally {
      counter.close();
      await local.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Counter {
  readonly endpoint: string;
  /** Requests since the last call. */
  take(): number;
  close(): void;
}

/** A proxy on loopback that counts. The signature covers the Host header, so that is passed on as it came. */
async function countRequests(target: string): Promise<Counter> {
  let count = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    count++;
    const { method = 'GET', url = '/', headers } = incoming;
    const outgoing = request({ hostname, port, method, path: url, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: () => server.close(),
  };
}

function contenders(project: string, env: NodeJS.ProcessEnv, counter: Counter): Contender[] {
  let turn = 0;
  const layerName = () => `bench-${++turn}`;
  const bucketOf = async (regions = [home]) => {
    const bucket = `bench-${++turn}-{region}`;
    for (const region of regions) await makeBucket(bucket.replace('{region}', region), region, env);
    return bucket;
  };
  const timed = async (regions: number, work: () => Promise<unknown>) => {
    counter.take();
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    return { ms, 'requests a region': counter.take() / regions };
  };
  let published: { bucket: string; layerName: string } | undefined;
  const ours: Contender[] = [
    {
      name: 'ours, first',
      run: async () => {
        const options = { bucket: await bucketOf(), regions: [home], layerName: layerName() };
        published = { bucket: options.bucket, layerName: options.layerName };
        return timed(1, () => publishProject(project, options, env));
      },
    },
    {
      name: 'ours, unchanged',
      run: async () => {
        const options = { ...published, regions: [home] };
        return timed(1, () => publishProject(project, options, env));
      },
    },
    {
      name: 'ours, four regions, first',
      run: async () => {
        const options = { bucket: await bucketOf(four), regions: four, layerName: layerName() };
        return timed(four.length, () => publishProject(project, options, env));
      },
    },
  ];
  if (spawnSync('aws', ['--version']).status !== 0) return ours;
  const artifacts = path.join(project, '.layer-builder/artifacts');
  const zip = path.join(artifacts, readdirSync(artifacts)[0] ?? '');
  const byHand: Contender = {
    name: 'aws command line, first',
    run: async () => {
      const bucket = (await bucketOf()).replace('{region}', home);
      const key = `sha256/${path.basename(zip)}`;
      return timed(1, async () => {
        await aws(env, 's3api', 'put-object', '--bucket', bucket, '--key', key, '--body', zip);
        const content = `S3Bucket=${bucket},S3Key=${key}`;
        await aws(env, 'lambda', 'publish-layer-version', '--layer-name', layerName(), '--content', content);
      });
    },
  };
  return [...ours, byHand];
}

async function makeBucket(bucket: string, region: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3');
  const credentials = {
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  const client = new S3Client({
    region,
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    credentials,
    forcePathStyle: true,
  });
  const place =
    region === home ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } };
  await client.send(new CreateBucketCommand({ Bucket: bucket, ...place }));
  client.destroy();
}

function aws(env: NodeJS.ProcessEnv, ...words: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('aws', words, { env }, error => (error === null ? resolve() : reject(error)));
  });
}

function resultOf(rows: readonly Row[]): Result {
  const unchanged = rows.find(row => row.contender === 'ours, unchanged')?.figures['requests a region']
    ?.median;
  return {
    name: 'publish',
    title: 'Publishing a layer and an S3 object to local-aws',
    figure: 'ms',
    unit: 'ms',
    rows,
    targets: [{ text: 'requests a region, unchanged', ratio: unchanged ?? Number.NaN, reach: 3 }],
    notes: ['In one process, clients made anew each time; the command line starts a Python twice.'],
  };
}
