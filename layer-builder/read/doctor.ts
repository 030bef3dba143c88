/** Everything doctor asks. A question that fails is an answer too: it names the missing permission. */
import { isCodedError } from '../../artifact/error.ts';
import { openBucketSettings } from '../aws/bucket-settings.ts';
import { statusOf } from '../aws/failures.ts';
import type { ListedFunction } from '../aws/inventory.ts';
import { openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import type { DoctorFacts, Fact, FunctionFacts } from '../plan/findings.ts';

export interface DoctorScope {
  readonly prefix: string;
  readonly service: string;
  readonly layerNames: readonly string[];
}

/** Functions of the service that are looked at; their number is that of its stages. */
const mostFunctions = 50;

export async function readDoctorFacts(region: Region, scope: DoctorScope): Promise<DoctorFacts> {
  const { bucket, clients, call } = region;
  const settings = await openBucketSettings(clients, call, bucket);
  const [clockSkewMs, bucketRegion, versioning, publicAccessBlocked, policy, lifecycle, uploads, functions] =
    await Promise.all([
      fact(() => readClockSkew(region)),
      fact(() => settings.region()),
      fact(() => settings.versioning()),
      fact(() => settings.publicAccessBlocked()),
      fact(() => settings.policy()),
      fact(() => settings.lifecycle()),
      fact(() => settings.uploads(scope.prefix)),
      fact(() => readFunctions(region, scope)),
    ]);
  return {
    ...{ region: region.region, bucket, prefix: scope.prefix, now: new Date() },
    ...{ clockSkewMs, bucketRegion, versioning, publicAccessBlocked, policy, lifecycle, uploads, functions },
  };
}

/** The endpoint's `Date` tells; the request itself may well be refused. */
async function readClockSkew({ clients }: Region): Promise<number> {
  const { protocol, hostname, port } = (await clients.s3.config.endpoint?.().then(
    found => found,
    () => undefined,
  )) ?? { protocol: 'https:', hostname: `s3.${clients.region}.amazonaws.com`, port: undefined };
  const sent = Date.now();
  const answer = await fetch(`${protocol}//${hostname}${port ? `:${port}` : ''}/`, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(4000),
  });
  const there = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(there)) throw new Error('the endpoint tells no time');
  // The header has whole seconds; half the journey is taken off.
  const skew = (sent + Date.now()) / 2 - there;
  return Math.abs(skew) < 2000 ? 0 : skew;
}

async function readFunctions(region: Region, { service, layerNames }: DoctorScope): Promise<FunctionFacts[]> {
  const inventory = await openInventory(region.clients, region.call);
  const found: ListedFunction[] = [];
  let next: string | undefined;
  do {
    const page = await inventory.functions('latest', next);
    found.push(
      ...page.items.filter(
        ({ name, layers }) =>
          name.startsWith(`${service}__`) ||
          layers.some(arn => layerNames.includes(arn.split(':').at(-2) ?? '')),
      ),
    );
    next = page.next;
  } while (next !== undefined && found.length < mostFunctions);
  return await Promise.all(found.slice(0, mostFunctions).map(item => readFunction(region, item)));
}

async function readFunction(
  { clients, call }: Region,
  { name, runtime, layers }: ListedFunction,
): Promise<FunctionFacts> {
  const { GetFunctionCodeSigningConfigCommand, GetCodeSigningConfigCommand, GetLayerVersionByArnCommand } =
    await import('@aws-sdk/client-lambda');
  const isMissing = (error: unknown) => statusOf(error) === 404;
  const missingLayers = await Promise.all(
    layers.map(async arn => {
      const about = { action: 'lambda:GetLayerVersion', resource: arn, expected: isMissing };
      try {
        await call(about, options =>
          clients.lambda.send(new GetLayerVersionByArnCommand({ Arn: arn }), options),
        );
        return [];
      } catch (error) {
        if (isMissing(error)) return [arn];
        throw error;
      }
    }),
  );
  const codeSigning = await fact(async () => {
    const about = { action: 'lambda:GetFunctionCodeSigningConfig', resource: name, expected: isMissing };
    try {
      const { CodeSigningConfigArn } = await call(about, options =>
        clients.lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: name }), options),
      );
      if (!CodeSigningConfigArn) return 'absent';
      const config = await call(
        { action: 'lambda:GetCodeSigningConfig', resource: CodeSigningConfigArn },
        options => clients.lambda.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn }), options),
      );
      return config.CodeSigningConfig?.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? 'Warn';
    } catch (error) {
      if (isMissing(error)) return 'absent';
      throw error;
    }
  });
  return { name, runtime, missingLayers: missingLayers.flat(), codeSigning };
}

async function fact<Value>(read: () => Promise<Value>): Promise<Fact<Value>> {
  try {
    return { known: true, value: await read() };
  } catch (error) {
    const isUnsupported = [405, 501].includes(statusOf(isCodedError(error) ? error.cause : error) ?? 0);
    const code = isCodedError(error) ? error.code : 'NOT_TOLD';
    const message = error instanceof Error ? error.message : String(error);
    const hint = isCodedError(error) ? error.hint : undefined;
    if (isUnsupported || !isCodedError(error)) return { known: false, severity: 'unknown', code, message };
    return { known: false, severity: 'fail', code, message, ...(hint ? { hint } : {}) };
  }
}
