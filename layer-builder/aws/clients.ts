/** The one place that makes AWS clients. The SDK is loaded here, when a command first needs it. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { fail } from '../errors.ts';

export interface AwsClients {
  readonly region: string;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  /** What answers, for messages: the endpoint of the environment, or AWS itself. */
  readonly endpoint: string;
  close(): void;
}

/**
 * Clients for one region. Endpoint and credentials come from `env` as the SDK reads them: `AWS_ENDPOINT_URL`,
 * `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ACCESS_KEY_ID` and its companions, else the SDK's own
 * chain (profile, SSO, web identity, container, instance). The SDK's retries are off: calls.ts paces and retries.
 */
export async function openClients(env: NodeJS.ProcessEnv, region: string): Promise<AwsClients> {
  const [{ S3Client }, { LambdaClient }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-lambda'),
  ]);
  const common = {
    region,
    maxAttempts: 1,
    ...credentialsOf(env),
    requestHandler: { connectionTimeout: 2000, throwOnRequestTimeout: true },
  };
  const s3Endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'];
  const lambdaEndpoint = env['AWS_ENDPOINT_URL_LAMBDA'] || env['AWS_ENDPOINT_URL'];
  const s3 = new S3Client({
    ...common,
    // A custom endpoint seldom answers to <bucket>.<host>, and that name seldom resolves.
    ...(s3Endpoint ? { endpoint: checkedEndpoint(s3Endpoint), forcePathStyle: true } : {}),
  });
  const lambda = new LambdaClient({
    ...common,
    ...(lambdaEndpoint ? { endpoint: checkedEndpoint(lambdaEndpoint) } : {}),
  });
  return {
    region,
    s3,
    lambda,
    endpoint: s3Endpoint ?? `AWS in ${region}`,
    close: () => {
      s3.destroy();
      lambda.destroy();
    },
  };
}

/** The region of the environment or of the profile; undefined when neither names one. */
export async function defaultRegion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const named = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  if (named) return named;
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client(env['AWS_PROFILE'] ? { profile: env['AWS_PROFILE'] } : {});
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

/** A named profile goes before keys of the environment, as in the `aws` command line's `--profile`. */
function credentialsOf(env: NodeJS.ProcessEnv) {
  if (env['AWS_PROFILE']) return { profile: env['AWS_PROFILE'] };
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } };
}

function checkedEndpoint(endpoint: string): string {
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : '';
  if (protocol === 'http:' || protocol === 'https:') return endpoint;
  return fail(
    'USAGE',
    `AWS_ENDPOINT_URL is no address (expected http://… or https://…, found "${endpoint}")`,
  );
}
