/**
 * One stream, as the handler downloads, against two and four parallel ranges with If-Match: on loopback, behind S3's
 * limit for one connection, and behind that and the limit of a Lambda environment's network together.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LockArtifact } from '../artifact/lock.ts';
import { download } from '../handler/download/download.ts';
import { readSettings } from '../handler/environment.ts';
import { startPhases } from '../handler/phases.ts';
import type { LoaderSettings } from '../handler/settings.ts';
import { downloadRanges } from './download/ranges.ts';
import type { Network, Serving } from './download/server.ts';
import { withFolder } from './support/folder.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf, rowsOf } from './support/result.ts';
import { interleave } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const region = 'us-east-1';
const bucket = 'bench-download';
const megabytes = [0.5, 5, 20, 60] as const;

/** S3 gives one connection 90 to 100 MB/s and its first byte after 10 to 30 ms; an environment has about 600 Mbit/s. */
const lambda: Network = {
  name: 'Lambda: 90 a connection, 75 together',
  firstByteMs: 20,
  perConnection: 90,
  together: 75,
};
const networks: readonly Network[] = [
  { name: 'loopback', firstByteMs: 0, perConnection: null, together: null },
  { name: '90 MB/s a connection', firstByteMs: 20, perConnection: 90, together: null },
  lambda,
];

const ways = [
  { name: '1 stream', take: stream },
  { name: '2 ranges', take: (artifact, settings) => downloadRanges(artifact, settings, 2) },
  { name: '4 ranges', take: (artifact, settings) => downloadRanges(artifact, settings, 4) },
] satisfies readonly {
  name: string;
  take: (artifact: LockArtifact, settings: LoaderSettings) => Promise<Buffer>;
}[];

export const bench: Bench = {
  name: 'download',
  run: progress => withFolder('download', folder => compare(folder, progress)),
};

async function compare(folder: string, progress: (line: string) => void): Promise<Result> {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('./download/server.ts', import.meta.url)), folder, JSON.stringify(networks)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    const serving = await started(server);
    const artifacts = await upload(serving);
    const contenders = networks.flatMap(({ name: network }, index) => {
      const settings = readSettings({
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: serving.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: serving.credentials.secretAccessKey,
        AWS_ENDPOINT_URL: serving.networks[index],
      });
      return ways.map(({ name, take }) => ({
        name: `${name}, ${network}`,
        run: async () => {
          const figures: Record<string, number> = {};
          for (const artifact of artifacts) {
            const start = performance.now();
            await take(artifact, settings);
            figures[artifact.name] = performance.now() - start;
          }
          return figures;
        },
      }));
    });
    const samples = await interleave(contenders, rounds, 1, progress);
    return resultOf(rowsOf(samples));
  } finally {
    server.stdin.end();
  }
}

/** The handler's own download: signed, watched, hashed on the way. */
function stream(artifact: LockArtifact, settings: LoaderSettings): Promise<Buffer> {
  const { clock } = settings;
  return download(artifact, settings, clock.monotonic() + 30_000, startPhases(clock));
}

async function started(server: ChildProcess): Promise<Serving> {
  let output = '';
  for await (const chunk of server.stdout ?? []) {
    output += chunk;
    if (output.includes('\n')) return JSON.parse(output) as Serving;
  }
  throw new Error('the server ended before it listened');
}

async function upload({ endpoint, credentials }: Serving): Promise<readonly LockArtifact[]> {
  const s3 = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const artifacts: LockArtifact[] = [];
  for (const size of megabytes) {
    const body = randomBytes(size * 1e6);
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}` as const;
    const key = `${size}.zip`;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    artifacts.push({
      name: `${size} MB, ms`,
      load: 'eager',
      digest,
      tree: digest,
      size: body.length,
      unpackedSize: body.length,
      files: 1,
      packages: [],
      s3: { key },
      published: { [region]: { bucket } },
    });
  }
  s3.destroy();
  return artifacts;
}

function resultOf(rows: readonly Row[]): Result {
  return {
    name: 'download',
    title: 'Download: one stream or parallel ranges',
    figure: '20 MB, ms',
    unit: 'ms',
    rows,
    // One stream is right for as long as ranges do not save a tenth where it counts.
    targets: ['2 ranges', '4 ranges'].flatMap(way =>
      megabytes.map(size => ({
        text: `1 stream over ${way}, ${size} MB, ${lambda.name}`,
        ratio: ratioOf(rows, `${size} MB, ms`, `1 stream, ${lambda.name}`, `${way}, ${lambda.name}`),
        reach: 1.1,
      })),
    ),
    notes: [
      'The lock does not know the ETag: the first range tells it, the others are asked for with `If-Match` after that.',
      'The limits are of a model (S3 20 ms to the first byte), not measured on AWS.',
      'local-aws and the proxies are a second process on the same machine. `BENCH_ROUNDS` sets the rounds (7).',
    ],
  };
}
