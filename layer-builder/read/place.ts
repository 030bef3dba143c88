/** Turns what a user names (a file, `s3://…`, an ARN) into something whose bytes can be read by ranges. */
import { resolve } from 'node:path';
import { makeCaller } from '../aws/calls.ts';
import { defaultRegion, openClients } from '../aws/clients.ts';
import { nameOf } from '../aws/failures.ts';
import { fail } from '../errors.ts';
import type { RangeSource } from './ranges.ts';
import { openAddress, openFile, openObject } from './ranges.ts';

const arn = /^arn:[a-z-]+:lambda:([a-z0-9-]+):\d{12}:(layer|function):[\w-]+(?::[\w$-]+)?$/;

/** Throws `USAGE`, `NOT_FOUND`, `REGION_REQUIRED` and what calls to AWS throw. */
export async function openPlace(
  place: string,
  context: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
): Promise<RangeSource> {
  if (!/^(s3:|arn:)/.test(place)) return await openFile(resolve(place));
  const [, region, kind] = arn.exec(place) ?? [];
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (kind === undefined && key === undefined) unknown(place);
  const clients = await openClients(context.env, region ?? (await regionOf(context.env)));
  const call = makeCaller(clients, { signal: context.signal });
  const closing = (source: RangeSource): RangeSource => ({
    ...source,
    close: async () => {
      await source.close();
      clients.close();
    },
  });
  try {
    if (bucket !== undefined && key !== undefined)
      return closing(await openObject(clients, call, bucket, key));
    const code = await (kind === 'layer' ? layerCode : functionCode)(clients, call, place);
    const sha256 = code.sha256 === undefined ? undefined : Buffer.from(code.sha256, 'base64').toString('hex');
    return closing(
      await openAddress(call, { name: place, address: code.address ?? '', size: code.size ?? 0, sha256 }),
    );
  } catch (error) {
    clients.close();
    throw error;
  }
}

type Clients = Awaited<ReturnType<typeof openClients>>;
type Call = ReturnType<typeof makeCaller>;

interface Code {
  readonly address: string | undefined;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
}

async function layerCode({ lambda }: Clients, call: Call, name: string): Promise<Code> {
  const { GetLayerVersionByArnCommand } = await import('@aws-sdk/client-lambda');
  const about = { action: 'lambda:GetLayerVersion', resource: name, expected: isMissing };
  const { Content } = await call(about, options =>
    lambda.send(new GetLayerVersionByArnCommand({ Arn: name }), options),
  ).catch(missing(name));
  return { address: Content?.Location, size: Content?.CodeSize, sha256: Content?.CodeSha256 };
}

async function functionCode({ lambda }: Clients, call: Call, name: string): Promise<Code> {
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  const about = { action: 'lambda:GetFunction', resource: name, expected: isMissing };
  const { Code, Configuration } = await call(about, options =>
    lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
  ).catch(missing(name));
  return { address: Code?.Location, size: Configuration?.CodeSize, sha256: Configuration?.CodeSha256 };
}

function isMissing(error: unknown): boolean {
  return nameOf(error) === 'ResourceNotFoundException';
}

function missing(name: string) {
  return (cause: unknown): never => {
    if (!isMissing(cause)) throw cause;
    return fail('NOT_FOUND', `nothing is published as ${name}`, {
      hint: 'layer-builder list shows what is',
      cause,
    });
  };
}

async function regionOf(env: NodeJS.ProcessEnv): Promise<string> {
  return (
    (await defaultRegion(env)) ??
    fail('REGION_REQUIRED', 'no region (expected AWS_REGION, found nothing)', { hint: 'set AWS_REGION' })
  );
}

function unknown(place: string): never {
  return fail('USAGE', `${JSON.stringify(place)} is no place that can be inspected`, {
    hint: 'name a zip, s3://BUCKET/KEY, or the ARN of a layer version or a function',
  });
}
