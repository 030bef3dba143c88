/** The role ParameterStore on SSM: two signed requests, without a third SDK client in the package. */
import { SignatureV4 } from '@smithy/signature-v4';
import type { Caller, SendOptions } from './calls.ts';
import type { AwsClients } from './clients.ts';

export interface ParameterStore {
  /** Values by name; a parameter that does not exist is absent. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Creates or replaces a parameter of type String. */
  write(name: string, value: string): Promise<void>;
}

/** GetParameters takes at most ten names. */
const mostNames = 10;

/** `AWS_ENDPOINT_URL_SSM` and `AWS_ENDPOINT_URL` as for the other services. Throws what every call throws. */
export function openParameterStore(
  { s3, region }: AwsClients,
  call: Caller,
  env: NodeJS.ProcessEnv,
): ParameterStore {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint =
    env['AWS_ENDPOINT_URL_SSM'] || env['AWS_ENDPOINT_URL'] || `https://ssm.${region}.${suffix}`;
  // The credentials that the SDK found for S3 are those of this process.
  const signer = new SignatureV4({
    credentials: s3.config.credentials,
    sha256: s3.config.sha256,
    region,
    service: 'ssm',
  });

  async function send(
    operation: string,
    input: object,
    { abortSignal, requestTimeout }: SendOptions,
  ): Promise<unknown> {
    const url = new URL(endpoint);
    const body = JSON.stringify(input);
    const headers = {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AmazonSSM.${operation}`,
    };
    const { protocol, hostname, pathname } = url;
    const signed = await signer.sign({ method: 'POST', protocol, hostname, path: pathname, headers, body });
    const timeout = AbortSignal.timeout(requestTimeout);
    const answer = await fetch(url, {
      method: 'POST',
      headers: signed.headers,
      body,
      redirect: 'error',
      signal: abortSignal ? AbortSignal.any([abortSignal, timeout]) : timeout,
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text);
    const type = text.match(/"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/)?.[1] ?? 'UnknownError';
    throw Object.assign(new Error(`SSM answered ${answer.status}`), {
      name: type,
      $metadata: { httpStatusCode: answer.status },
    });
  }

  return {
    async read(names) {
      const found = new Map<string, string>();
      for (let from = 0; from < names.length; from += mostNames) {
        const Names = names.slice(from, from + mostNames);
        const about = { action: 'ssm:GetParameters', resource: Names.join(', ') };
        const answer = (await call(about, options => send('GetParameters', { Names }, options))) as {
          Parameters?: { Name: string; Value: string }[];
        };
        for (const { Name, Value } of answer.Parameters ?? []) found.set(Name, Value);
      }
      return found;
    },
    async write(name, value) {
      const about = { action: 'ssm:PutParameter', resource: name };
      const input = { Name: name, Value: value, Type: 'String', Overwrite: true };
      await call(about, options => send('PutParameter', input, options));
    },
  };
}
