/** Signed requests to the services of which a handful of calls is used, without an SDK client for each in the package. */
import { SignatureV4 } from '@smithy/signature-v4';
import type { SendOptions } from './calls.ts';
import type { AwsClients } from './clients.ts';

/** One call: its input as plain data, its answer as it came, JSON or XML. */
export type SignedCall = (operation: string, input: object, options: SendOptions) => Promise<string>;

interface SignedService {
  /** In the scope of the signature, and in the name of its host. */
  readonly name: string;
  /** Its part of `AWS_ENDPOINT_URL_…`. */
  readonly variable: string;
  /** Prefix of its operations in JSON; undefined for a service that speaks Query and XML. */
  readonly target?: string;
  readonly contentType: string;
  readonly version?: string;
  /** One endpoint for all regions. */
  readonly isGlobal?: boolean;
}

/** https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
export const signedServices = {
  ssm: {
    ...{ name: 'ssm', variable: 'SSM', target: 'AmazonSSM' },
    contentType: 'application/x-amz-json-1.1',
  },
  logs: {
    ...{ name: 'logs', variable: 'CLOUDWATCH_LOGS', target: 'Logs_20140328' },
    contentType: 'application/x-amz-json-1.1',
  },
  cloudwatch: {
    ...{ name: 'monitoring', variable: 'CLOUDWATCH', target: 'GraniteServiceVersion20100801' },
    contentType: 'application/x-amz-json-1.0',
  },
  iam: {
    ...{ name: 'iam', variable: 'IAM', version: '2010-05-08', isGlobal: true },
    contentType: 'application/x-www-form-urlencoded; charset=utf-8',
  },
} as const satisfies Record<string, SignedService>;

/**
 * Opens a service for the region of `clients`, with the credentials that the SDK found for S3. Endpoints are those of
 * the SDK: `AWS_ENDPOINT_URL_SSM` and the like, then `AWS_ENDPOINT_URL`, else AWS itself.
 *
 * The call throws an error with AWS's name for it and the status, as the SDK's clients do.
 */
export function openSigned(
  { s3, region }: AwsClients,
  env: NodeJS.ProcessEnv,
  service: SignedService,
): SignedCall {
  const custom = env[`AWS_ENDPOINT_URL_${service.variable}`] || env['AWS_ENDPOINT_URL'];
  const home = homeOf(region, service);
  const url = new URL(custom || `https://${home.host}`);
  const signer = new SignatureV4({
    credentials: s3.config.credentials,
    sha256: s3.config.sha256,
    region: home.region,
    service: service.name,
  });
  return async (operation, input, { abortSignal, requestTimeout }) => {
    const { headers, body } = messageOf(service, operation, input);
    const { protocol, hostname, pathname } = url;
    const signed = await signer.sign({
      ...{ method: 'POST', protocol, hostname, path: pathname, body },
      headers: { host: url.host, ...headers },
    });
    const timeout = AbortSignal.timeout(requestTimeout);
    const answer = await fetch(url, {
      ...{ method: 'POST', headers: signed.headers, body, redirect: 'error' },
      signal: abortSignal ? AbortSignal.any([abortSignal, timeout]) : timeout,
    });
    const text = await answer.text();
    if (answer.ok) return text;
    throw errorOf(service.name, answer.status, text);
  };
}

function messageOf({ target, contentType, version = '' }: SignedService, operation: string, input: object) {
  const headers = { 'content-type': contentType };
  if (target !== undefined) {
    return {
      headers: { ...headers, 'x-amz-target': `${target}.${operation}` },
      body: JSON.stringify(input),
    };
  }
  const form = new URLSearchParams({ Action: operation, Version: version, ...input });
  return { headers, body: form.toString() };
}

/** Where a service lives, and the region that signs for it. */
function homeOf(region: string, { name, isGlobal = false }: SignedService): { host: string; region: string } {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (!isGlobal) return { host: `${name}.${region}.${suffix}`, region };
  if (region.startsWith('cn-')) return { host: `${name}.cn-north-1.${suffix}`, region: 'cn-north-1' };
  if (region.startsWith('us-gov-')) return { host: `${name}.us-gov.${suffix}`, region: 'us-gov-west-1' };
  return { host: `${name}.${suffix}`, region: 'us-east-1' };
}

function errorOf(service: string, status: number, text: string): Error {
  const name =
    /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1] ?? elementOf(text, 'Code') ?? 'UnknownError';
  const said = /"[Mm]essage"\s*:\s*"((?:\\.|[^"\\])*)"/.exec(text)?.[1] ?? elementOf(text, 'Message');
  return Object.assign(new Error(said ?? `${service} answered ${status}`), {
    name,
    $metadata: { httpStatusCode: status },
  });
}

/** The text of the first element of this name; the answers read here are flat. */
export function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
