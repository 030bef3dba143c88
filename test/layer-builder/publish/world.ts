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
import type { FaultProxy } from './proxy.ts';
import { startProxy } from './proxy.ts';

export interface World {
  readonly proxy: FaultProxy;
  /** Environment of a publisher: through the proxy, and nothing of the machine's. */
  readonly env: NodeJS.ProcessEnv & Record<string, string>;
  /** Around the proxy. */
  readonly direct: AwsClients;
  makeBucket(name: string): Promise<void>;
  close(): Promise<void>;
}

export const region = 'us-east-1';

export async function startWorld(): Promise<World> {
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-world-'));
  const local = await startLocalAws({ port: 0, urlPort: 0, data });
  const proxy = await startProxy(local.endpoint);
  const env = {
    AWS_ENDPOINT_URL: proxy.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
    HOME: '/nonexistent',
  };
  const direct = await openClients({ ...env, AWS_ENDPOINT_URL: local.endpoint }, region);
  return {
    proxy,
    env,
    direct,
    async makeBucket(name) {
      await direct.s3.send(new CreateBucketCommand({ Bucket: name }));
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await direct.s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    },
    async close() {
      direct.close();
      await proxy.close();
      await local.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export async function keysOf(world: World, bucket: string, prefix = ''): Promise<string[]> {
  const answer = await world.direct.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return (answer.Contents ?? []).map(({ Key }) => Key ?? '').sort();
}

export async function jsonOf(world: World, bucket: string, key: string) {
  const answer = await world.direct.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return JSON.parse((await answer.Body?.transformToString()) ?? '');
}

export async function layersOf(
  world: World,
  layerName: string,
): Promise<{ version: number; description: string }[]> {
  const answer = await world.direct.lambda.send(new ListLayerVersionsCommand({ LayerName: layerName }));
  return (answer.LayerVersions ?? []).map(({ Version, Description }) => ({
    version: Version ?? 0,
    description: Description ?? '',
  }));
}
