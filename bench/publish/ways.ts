/** Both ways to publish, each for the first time and when nothing has changed. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Contender } from '../support/statistics.ts';
import type { Counter } from './counter.ts';

export interface World {
  /** A built project. */
  readonly project: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly counter: Counter;
}

const cli = fileURLToPath(new URL('../../layer-builder/bin.js', import.meta.url));
const run = promisify(execFile);
let turn = 0;

/** `layer-builder publish`. What is published is in the lock, so each row has a project of its own. */
export function ours(world: World, regions: readonly string[]): Contender[] {
  const publish = (project: string, bucket: string, layer: string) =>
    run(
      process.execPath,
      [
        ...[cli, 'publish', '--quiet', '--project', project],
        ...['--regions', regions.join(','), '--bucket', bucket, '--layer-name', layer],
      ],
      { env: { ...world.env } as NodeJS.ProcessEnv },
    );
  const copy = (name: string) => {
    const project = join(world.folder, name);
    cpSync(world.project, project, { recursive: true });
    return project;
  };
  let unchanged: { project: string; bucket: string; layer: string } | undefined;
  return [
    {
      name: rowName('ours', regions, 'first'),
      async run() {
        const bucket = await makeBuckets(world, regions);
        const project = copy(bucket.replace('-{region}', ''));
        return timed(world, regions, () => publish(project, bucket, bucket.replace('-{region}', '')));
      },
    },
    {
      name: rowName('ours', regions, 'unchanged'),
      async run() {
        if (unchanged === undefined) {
          const bucket = await makeBuckets(world, regions);
          const layer = bucket.replace('-{region}', '');
          unchanged = { project: copy(layer), bucket, layer };
          await publish(unchanged.project, bucket, layer);
        }
        const { project, bucket, layer } = unchanged;
        return timed(world, regions, () => publish(project, bucket, layer));
      },
    },
  ];
}

/** The calls that put an object and a layer there, and those that find both there, as a script makes them. */
export function byHand(world: World, regions: readonly string[]): Contender[] {
  const artifacts = join(world.project, '.layer-builder/artifacts');
  const zip = readdirSync(artifacts)[0] ?? '';
  const aws = async (region: string, ...words: readonly string[]) => {
    const { stdout } = await run('aws', [...words, '--region', region, '--output', 'json'], {
      env: { ...world.env } as NodeJS.ProcessEnv,
    });
    return JSON.parse(stdout);
  };
  const publish = async (bucket: string) => {
    const arns: string[] = [];
    for (const region of regions) {
      const place = bucket.replace('{region}', region);
      await aws(
        region,
        's3api',
        'put-object',
        '--bucket',
        place,
        '--key',
        zip,
        '--body',
        join(artifacts, zip),
      );
      const content = `S3Bucket=${place},S3Key=${zip}`;
      const name = bucket.replace('-{region}', '');
      const words = ['lambda', 'publish-layer-version', '--layer-name', name, '--content', content];
      arns.push((await aws(region, ...words)).LayerVersionArn);
    }
    return arns;
  };
  let unchanged: { bucket: string; arns: readonly string[] } | undefined;
  return [
    {
      name: rowName('aws command line', regions, 'first'),
      async run() {
        const bucket = await makeBuckets(world, regions);
        return timed(world, regions, () => publish(bucket));
      },
    },
    {
      name: rowName('aws command line', regions, 'unchanged'),
      async run() {
        if (unchanged === undefined) {
          const bucket = await makeBuckets(world, regions);
          unchanged = { bucket, arns: await publish(bucket) };
        }
        const { bucket, arns } = unchanged;
        return timed(world, regions, async () => {
          for (const [index, region] of regions.entries()) {
            const place = bucket.replace('{region}', region);
            for (let object = 0; object < 2; object++)
              await aws(region, 's3api', 'head-object', '--bucket', place, '--key', zip);
            await aws(region, 'lambda', 'get-layer-version-by-arn', '--arn', arns[index] ?? '');
          }
        });
      },
    },
  ];
}

function rowName(who: string, regions: readonly string[], what: string): string {
  return `${who}, ${regions.length > 1 ? `${regions.length} regions, ` : ''}${what}`;
}

async function timed({ counter }: World, regions: readonly string[], work: () => Promise<unknown>) {
  counter.take();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  return { ms, 'requests a region': counter.take() / regions.length };
}

/** A bucket of its own for each region; the name has `{region}` in it. */
async function makeBuckets({ env }: World, regions: readonly string[]): Promise<string> {
  const bucket = `bench-${++turn}-{region}`;
  for (const region of regions) {
    const credentials = {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    };
    const endpoint = env['AWS_ENDPOINT_URL'] ?? '';
    const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
    const place =
      region === 'us-east-1'
        ? {}
        : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } };
    await client.send(new CreateBucketCommand({ Bucket: bucket.replace('{region}', region), ...place }));
    client.destroy();
  }
  return bucket;
}
