/** What the console shows: functions, layers and objects as S3 and Lambda answer, and who uses what. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ListFunctionsCommand, ListLayersCommand, ListLayerVersionsCommand } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Caller } from '../aws/calls.ts';
import { nameOf } from '../aws/failures.ts';
import { readFunction } from '../aws/function-read.ts';

export interface ConsoleAws {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly call: Caller;
  readonly bucket: string;
}

export interface World {
  readonly functions: readonly {
    readonly name: string;
    readonly mode: string;
    readonly version: string;
    readonly runtime: string;
    readonly memoryMb: number;
    readonly codeBytes: number;
    readonly url: string;
    readonly layers: readonly string[];
  }[];
  readonly layers: readonly {
    readonly arn: string;
    readonly digest: string;
    readonly created: string;
    readonly usedBy: readonly string[];
  }[];
  readonly objects: readonly {
    readonly key: string;
    readonly bytes: number;
    readonly digest: string;
    /** Whether the bytes are those that the name promises. */
    readonly state: 'whole' | 'damaged' | 'missing';
    readonly usedBy: readonly string[];
  }[];
}

/** Reads everything anew; a rehearsal is small, so one page of each list is all there is. */
export async function readWorld(aws: ConsoleAws): Promise<World> {
  const [listed, layers, objects] = await Promise.all([
    aws.lambda.send(new ListFunctionsCommand({})),
    aws.lambda.send(new ListLayersCommand({})),
    aws.s3.send(new ListObjectsV2Command({ Bucket: aws.bucket, Prefix: 'sha256/' })),
  ]);
  const functions = await Promise.all(
    (listed.Functions ?? []).map(async ({ FunctionName: name = '', CodeSize = 0 }) => {
      const actual = await readFunction(aws, name);
      const state = actual?.live ?? actual?.latest;
      return {
        name,
        mode: state?.environment['DEPS_SOURCE'] ?? 'auto',
        version: state?.version ?? '',
        runtime: state?.runtime ?? '',
        memoryMb: state?.memory ?? 0,
        codeBytes: CodeSize,
        url: actual?.url?.url ?? '',
        layers: state?.layers ?? [],
      };
    }),
  );
  const versions = await Promise.all(
    (layers.Layers ?? []).map(({ LayerName }) =>
      aws.lambda.send(new ListLayerVersionsCommand({ LayerName })),
    ),
  );
  const usedBy = (arn: string) => functions.filter(item => item.layers.includes(arn)).map(item => item.name);
  const fromS3 = functions.filter(item => item.mode !== 'layer').map(item => item.name);
  const drawnLayers = versions
    .flatMap(({ LayerVersions = [] }) => LayerVersions)
    .map(({ LayerVersionArn: arn = '', Description = '', CreatedDate = '' }) => ({
      arn,
      digest: /sha256:[0-9a-f]{64}/.exec(Description)?.[0] ?? '',
      created: CreatedDate,
      usedBy: usedBy(arn),
    }));
  const sizes = new Map((objects.Contents ?? []).map(({ Key = '', Size = 0 }) => [Key, Size]));
  // an object that was deleted is still known by the layer of the same bytes, and can be put back
  const known = drawnLayers.filter(({ digest }) => digest !== '').map(({ digest }) => keyOf(digest));
  const keys = [...new Set([...sizes.keys(), ...known])].sort();
  return {
    functions,
    layers: drawnLayers,
    objects: await Promise.all(
      keys.map(async key => ({
        key,
        bytes: sizes.get(key) ?? 0,
        digest: digestOf(key),
        state: sizes.has(key) ? await stateOf(aws, key) : ('missing' as const),
        usedBy: fromS3,
      })),
    ),
  };
}

function keyOf(digest: string): string {
  return `sha256/${digest.slice('sha256:'.length)}.zip`;
}

function digestOf(key: string): string {
  return `sha256:${/([0-9a-f]{64})\.zip$/.exec(key)?.[1] ?? ''}`;
}

/** S3 keeps the SHA-256 that the bytes came with; bytes that came without it are not those of the publisher. */
async function stateOf({ s3, bucket }: ConsoleAws, key: string): Promise<'whole' | 'damaged' | 'missing'> {
  const input = { Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' } as const;
  const head = await s3.send(new HeadObjectCommand(input)).catch(error => {
    // deleted since it was listed
    if (nameOf(error) === 'NotFound') return undefined;
    throw error;
  });
  if (head === undefined) return 'missing';
  const { ChecksumSHA256 = '' } = head;
  const found = `sha256:${Buffer.from(ChecksumSHA256, 'base64').toString('hex')}`;
  return found === digestOf(key) ? 'whole' : 'damaged';
}
