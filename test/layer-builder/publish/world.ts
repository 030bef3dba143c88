/** local-aws behind a scripted proxy, and what a publisher left in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListLayerVersionsCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import type { AwsClients } from '../../../layer-builder/aws/clients.ts';
import { openClients } from '../../../layer-builder/aws/clients.ts';
import { startLocalAws } from '../../../local-aws/index.ts';
import { judgeKeys, lambdaBridge } from './judge.ts';
import type { FaultProxy } from './proxy.ts';
import { startProxy } from './proxy.ts';

export interface World {
  readonly proxy: FaultProxy;
  /** Environment of a publisher: through the proxy, and nothing of the machine's. */
  readonly env: NodeJS.ProcessEnv & Record<string, string>;
  /** Around the proxy, to the first region. */
  readonly direct: AwsClients;
  /** Around the proxy. */
  directTo(region: string): AwsClients;
  makeBucket(name: string, region?: string): Promise<void>;
  close(): Promise<void>;
}

export const region = 'us-east-1';

/** An S3 that is not ours, beside our Lambda. */
const s3Judge = process.env['JUDGE_S3'];

/** Another implementation stands in the place of ours. */
export const isJudged = (s3Judge ?? process.env['JUDGE_ENDPOINT']) !== undefined;

/** LocalStack's account, which moto is given too (test/judges/moto.ts). */
export const account = '000000000000';

/** What a test needs of whatever speaks S3 and Lambda. */
interface Judge {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
}

/**
 * One local-aws for each region, as on AWS they know nothing of each other. With `JUDGE_ENDPOINT` the same suite
 * runs against another implementation, with `JUDGE_S3` against another S3 (`test/judges/publish.ts`).
 */
export async function startWorld(regions: readonly string[] = [region]): Promise<World> {
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-world-'));
  const judge = process.env['JUDGE_ENDPOINT'];
  const locals = await Promise.all(
    regions.map(async (region): Promise<Judge> => {
      if (judge === undefined) {
        return startLocalAws({
          port: 0,
          urlPort: 0,
          data: path.join(data, region),
          region,
          sandbox: 'process',
        });
      }
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      return { endpoint: judge, credentials, close: async () => {} };
    }),
  );
  const endpoints = new Map(regions.map((region, index) => [region, locals[index]?.endpoint ?? '']));
  const ownKeys = locals[0]?.credentials ?? { accessKeyId: '', secretAccessKey: '' };
  const keys = s3Judge === undefined ? ownKeys : judgeKeys;
  const clients = new Map<string, AwsClients>();
  for (const [region, endpoint] of endpoints) {
    const own = await openClients(environmentOf(endpoint, region, ownKeys), region);
    const s3 = s3Judge && (await openClients(environmentOf(s3Judge, region, keys), region)).s3;
    clients.set(region, s3 ? { ...own, s3 } : own);
  }
  const localOf = (region: string) => endpoints.get(region) ?? endpoints.values().next().value ?? '';
  const [first] = clients.values();
  const proxy = await startProxy(
    ({ action, region }) => (s3Judge && !action.startsWith('lambda:') ? s3Judge : localOf(region)),
    s3Judge && first ? lambdaBridge(first, ownKeys) : undefined,
  );
  const env = environmentOf(proxy.endpoint, regions[0] ?? region, keys);
  const directTo = (region: string): AwsClients => {
    const found = clients.get(region);
    if (found === undefined) throw new Error(`no local-aws in ${region}`);
    return found;
  };
  return {
    proxy,
    env,
    direct: directTo(regions[0] ?? region),
    directTo,
    async makeBucket(name, where = regions[0] ?? region) {
      const { s3 } = directTo(where);
      await s3.send(new CreateBucketCommand({ Bucket: name }));
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    },
    async close() {
      for (const client of clients.values()) client.close();
      await proxy.close();
      for (const local of locals) await local.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function environmentOf(
  endpoint: string,
  region: string,
  { accessKeyId, secretAccessKey }: Judge['credentials'],
): World['env'] {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    HOME: '/nonexistent',
  };
}

export async function keysOf(world: World, bucket: string, prefix = '', where = region): Promise<string[]> {
  const answer = await world
    .directTo(where)
    .s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return (answer.Contents ?? []).map(({ Key }) => Key ?? '').sort();
}

export async function jsonOf(world: World, bucket: string, key: string, where = region) {
  const answer = await world.directTo(where).s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return JSON.parse((await answer.Body?.transformToString()) ?? '');
}

export async function layersOf(
  world: World,
  layerName: string,
  where = region,
): Promise<{ version: number; description: string }[]> {
  const answer = await world
    .directTo(where)
    .lambda.send(new ListLayerVersionsCommand({ LayerName: layerName }));
  return (answer.LayerVersions ?? []).map(({ Version, Description }) => ({
    version: Version ?? 0,
    description: Description ?? '',
  }));
}
