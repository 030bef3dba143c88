/** What the console shows: functions, layers and objects as S3 and Lambda answer, and who uses what. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ListFunctionsCommand, ListLayersCommand, ListLayerVersionsCommand } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Caller } from '../aws/calls.ts';
import { nameOf } from '../aws/failures.ts';
import { readFunction } from '../aws/function-read.ts';
import type { CodeLock, LockedFunction } from '../read/code-lock.ts';
import { builtFile } from './built.ts';

export interface ConsoleAws {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly call: Caller;
  readonly bucket: string;
  /** Absolute path of the project: its last build can put objects back. */
  readonly project: string;
  /** The lock that a version's code carries. */
  readonly codeLock: (version: LockedFunction) => Promise<CodeLock>;
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
    /** Name of the artifact in the locks of the functions; empty for one that none of them pins. */
    readonly artifact: string;
    readonly bytes: number;
    readonly digest: string;
    /** Whether the bytes are those that the name promises. */
    readonly state: 'whole' | 'damaged' | 'missing';
    /** Whether the last build holds its bytes, so that it can be put back. */
    readonly restorable: boolean;
    /** Functions that pin it and take it from here, not from a layer. */
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
      const environment = state?.environment ?? {};
      const lock = await aws.codeLock({
        ...{ name, version: state?.version ?? '', arn: actual?.arn ?? '', environment },
        ...{ codeSha256: state?.codeSha256 ?? '', codeSize: CodeSize, runtime: state?.runtime ?? '' },
      });
      const pins = typeof lock === 'string' ? [] : lock.artifacts;
      return {
        pins,
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
  const takenBy = (digest: string) =>
    functions
      .filter(({ mode, pins }) => mode !== 'layer' && pins.some(pin => pin.digest === digest))
      .map(item => item.name);
  const pinned = functions.flatMap(({ pins }) => pins);
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
    functions: functions.map(({ pins: _, ...item }) => item),
    layers: drawnLayers,
    objects: await Promise.all(
      keys.map(async key => ({
        key,
        artifact: pinned.find(pin => pin.digest === digestOf(key))?.name ?? '',
        bytes: sizes.get(key) ?? 0,
        digest: digestOf(key),
        state: sizes.has(key) ? await stateOf(aws, key) : ('missing' as const),
        restorable: builtFile(aws.project, key) !== undefined,
        usedBy: takenBy(digestOf(key)),
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
