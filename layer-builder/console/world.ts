/** What the console shows: functions, layers and objects as S3 and Lambda answer, and who uses what. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ListFunctionsCommand, ListLayersCommand, ListLayerVersionsCommand } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Caller } from '../aws/calls.ts';
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
  return {
    functions,
    layers: versions
      .flatMap(({ LayerVersions = [] }) => LayerVersions)
      .map(({ LayerVersionArn: arn = '', Description = '', CreatedDate = '' }) => ({
        arn,
        digest: /sha256:[0-9a-f]{64}/.exec(Description)?.[0] ?? '',
        created: CreatedDate,
        usedBy: usedBy(arn),
      })),
    objects: (objects.Contents ?? []).map(({ Key = '', Size = 0 }) => ({
      key: Key,
      bytes: Size,
      digest: `sha256:${/([0-9a-f]{64})\.zip$/.exec(Key)?.[1] ?? ''}`,
      usedBy: fromS3,
    })),
  };
}
