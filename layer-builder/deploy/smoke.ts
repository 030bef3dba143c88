/** The smoke test: a version must answer HTTP before the alias moves to it. */
import { randomUUID } from 'node:crypto';
import type { FunctionAccess } from '../aws/function-access.ts';
import { invokeVersion } from '../aws/functions.ts';
import { fail } from '../errors.ts';

export interface SmokeAnswer {
  /** Loading path of the version: the function's mode, or `s3` in the rehearsal of mode auto. */
  readonly source: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

/**
 * Invokes a version as its function URL would, once a path. An answer below 500 passes: 401 from a service
 * that wants a key proves the whole way too.
 *
 * Throws `SMOKE_FAILED` with the first path that failed; the caller has not moved the alias yet.
 */
export async function smokeTest(
  aws: FunctionAccess,
  name: string,
  version: string,
  paths: readonly string[],
  source: string,
): Promise<readonly SmokeAnswer[]> {
  const answers: SmokeAnswer[] = [];
  for (const path of paths) {
    const start = performance.now();
    const { functionError, payload } = await invokeVersion(aws, name, version, requestEvent(path));
    const status = statusOf(payload);
    if (functionError !== undefined || status === undefined || status >= 500) {
      const found =
        functionError === undefined
          ? `status ${status ?? 'none'}${codeIn(payload)}`
          : `${functionError}: ${reasonOf(payload)}`;
      fail(
        'SMOKE_FAILED',
        `version ${version} of ${name} failed on GET ${path}, loading from ${source} (expected an HTTP status below 500, found ${found})`,
        {
          hint: `version ${version} gets no calls; "layer-builder deploy logs --stage ${name.slice(name.lastIndexOf('__') + 2)}" says why`,
          details: { functionName: name, version, source, path, status },
        },
      );
    }
    answers.push({ source, path, status, ms: performance.now() - start });
  }
  return answers;
}

/** A payload of format 2.0. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads */
function requestEvent(path: string) {
  const [rawPath = '/', rawQueryString = ''] = path.split('?', 2);
  const domainName = 'smoke-test.lambda-url.invalid';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { host: domainName, 'user-agent': 'layer-builder smoke test', accept: '*/*' },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'smoke-test',
      domainName,
      domainPrefix: 'smoke-test',
      http: {
        method: 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'layer-builder',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date().toISOString(),
      timeEpoch: Date.now(),
    },
    isBase64Encoded: false,
  };
}

function statusOf(payload: unknown): number | undefined {
  const status = (payload as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The handler names what failed in the `code` of its answer; so do many apps. */
function codeIn(payload: unknown): string {
  const { body, isBase64Encoded } = (payload ?? {}) as { body?: unknown; isBase64Encoded?: unknown };
  if (typeof body !== 'string' || isBase64Encoded === true) return '';
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? `, ${code.slice(0, 60)}` : '';
  } catch {
    return '';
  }
}

function reasonOf(payload: unknown): string {
  const failure = payload as { errorType?: unknown; errorMessage?: unknown } | undefined;
  return `${String(failure?.errorType ?? 'error')}, ${String(failure?.errorMessage ?? 'no message').slice(0, 300)}`;
}
