/** As Lambda does it: local-aws's sandbox with AWS's runtime client, init at one core, then memory / 1,769 MB of one. */
import { readFileSync } from 'node:fs';
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LocalAws } from '../../local-aws/index.ts';
import type { Answered, Place } from './places.ts';
import { bucket } from './places.ts';
import { memoryMb } from './process.ts';

/** Lambda gives the init phase so long and then repeats it inside the invocation. */
const initLimitMs = 10_000;

export interface Sandbox {
  /** @param name of the function. @default the slug of the place */
  deploy(place: Place, name?: string): Promise<void>;
  /** One cold start. `ms` is the init phase, full 10 s where it ran out, and the first request. */
  time(place: Place, event: object, name?: string): Promise<Answered>;
  close(): void;
}

/** Makes the bucket that everything is deployed from. */
export async function openFunctions(local: LocalAws): Promise<Sandbox> {
  const { region, endpoint, credentials } = local;
  const lambda = new LambdaClient({ region, endpoint, credentials, maxAttempts: 1 });
  const s3 = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const upload = async (zip: string, key: string) => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(zip) }));
    return { S3Bucket: bucket, S3Key: key };
  };
  return {
    async deploy({ slug, codeZip, layerZip, variables }, name = slug) {
      const layers: string[] = [];
      if (layerZip !== undefined) {
        const Content = await upload(layerZip, `layer-${name}.zip`);
        const layer = await lambda.send(new PublishLayerVersionCommand({ LayerName: name, Content }));
        layers.push(layer.LayerVersionArn ?? '');
      }
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/bench',
          Code: await upload(codeZip, `code-${name}.zip`),
          Layers: layers,
          MemorySize: memoryMb,
          Timeout: 600,
          Environment: { Variables: { ...variables } },
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 120 }, { FunctionName: name });
    },
    async time({ slug }, event, name = slug) {
      await local.endEnvironments(name);
      const answer = await lambda.send(
        new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
      );
      const record = local.invocations.findLast(({ functionName }) => functionName === name);
      await local.endEnvironments(name);
      const payload = Buffer.from(answer.Payload ?? []).toString();
      if (record === undefined || answer.FunctionError !== undefined)
        throw new Error(`${name} failed in the sandbox: ${payload} ${record?.logTail}`);
      const { statusCode, body } = JSON.parse(payload);
      const { initMs = initLimitMs, durationMs, usedMb } = record;
      return {
        status: statusCode,
        body,
        figures: {
          'Lambda ms': initMs + durationMs,
          'of it first request': durationMs,
          'peak MB': usedMb,
        },
      };
    },
    close() {
      lambda.destroy();
      s3.destroy();
    },
  };
}
