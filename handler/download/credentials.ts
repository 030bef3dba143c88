/** Credentials for the signature: from the environment or from the container endpoint (R4). */
import { readFileSync } from 'node:fs';
import { monotonic, systemClock } from '../clock.ts';
import { HandlerError } from '../errors.ts';
import { send } from './flight.ts';
import { pauseMs } from './pause.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Hosts that a plain-http container endpoint may have, as in the AWS SDKs (ECS, EKS and loopback). */
const plainHosts = new Set([
  '127.0.0.1',
  'localhost',
  '[::1]',
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
]);

/** The endpoint's answer is a short JSON document. */
const longestAnswer = 65_536;

/** As the AWS SDKs ask it: a second for each try, and again where that may help (it refuses bursts with 429). */
const endpointTries = { tries: 3, eachMs: 1000, backoffMs: 50, backoffCapMs: 200 };

/**
 * Reads credentials afresh: `AWS_ACCESS_KEY_ID` and its companions, else the container endpoint.
 * The token file is read at each call: EKS rotates it.
 *
 * Throws `DEPS_CREDS` when there are none or the endpoint does not give them within `timeoutMs`.
 */
export async function readCredentials(env: NodeJS.ProcessEnv, timeoutMs: number): Promise<Credentials> {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (accessKeyId && secretAccessKey) {
    return complete(accessKeyId, secretAccessKey, env['AWS_SESSION_TOKEN']);
  }
  const url = containerUrl(env);
  if (url === undefined) {
    throw missing(
      'no credentials (expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a container endpoint)',
    );
  }
  const untilMs = monotonic() + timeoutMs;
  for (let tries = 1; ; tries += 1) {
    const leftMs = untilMs - monotonic();
    try {
      return await askContainer(
        url,
        containerToken(env),
        Math.min(endpointTries.eachMs, Math.max(1, leftMs)),
      );
    } catch (cause) {
      if (cause instanceof HandlerError) throw cause;
      const waitMs = pauseMs(tries, endpointTries, Math.random);
      if (tries === endpointTries.tries || monotonic() + waitMs >= untilMs) {
        throw missing(
          `the container endpoint at ${url.host} gave no credentials (found ${String(cause)})`,
          cause,
        );
      }
      await systemClock.sleep(waitMs);
    }
  }
}

/**
 * Address of the container endpoint, undefined without one.
 *
 * Throws `DEPS_CREDS` where `AWS_CONTAINER_CREDENTIALS_FULL_URI` is neither https nor a host of a container.
 */
export function containerUrl(env: NodeJS.ProcessEnv): URL | undefined {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  // The path alone is the caller's: behind the slash neither "@evil/" nor "//evil" becomes a host.
  if (relative) return new URL(`http://169.254.170.2/${relative.replace(/^\//, '')}`);
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  if (!full) return undefined;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && plainHosts.has(url.hostname))) return url;
  throw missing(
    `AWS_CONTAINER_CREDENTIALS_FULL_URI is not allowed (expected https, or http on ${[...plainHosts].join(', ')})`,
  );
}

/** The file wins, as in the AWS SDKs. */
function containerToken(env: NodeJS.ProcessEnv): string | undefined {
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file ? readFileSync(file, 'utf8').trim() : env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  if (token && /[\r\n]/.test(token)) throw missing('the container authorization token holds a line break');
  return token || undefined;
}

async function askContainer(url: URL, token: string | undefined, timeoutMs: number): Promise<Credentials> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers['authorization'] = token;
  const flight = send(url, headers, timeoutMs);
  const timer = setTimeout(() => flight.destroy(), timeoutMs);
  try {
    const response = await flight.answer;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longestAnswer)
        throw missing(`the container endpoint's answer is too long (expected ≤ ${longestAnswer} bytes)`);
      chunks.push(chunk);
    }
    const { statusCode: status = 0 } = response;
    if (status === 429 || status >= 500) throw new Error(`status ${status}`);
    if (status !== 200) {
      throw missing(`the container endpoint refused (expected status 200, found ${status})`);
    }
    const { AccessKeyId, SecretAccessKey, Token } = parseAnswer(Buffer.concat(chunks).toString());
    return complete(AccessKeyId, SecretAccessKey, Token);
  } finally {
    clearTimeout(timer);
    flight.destroy();
  }
}

/** JSON's own error quotes the text, and that may hold a secret. */
function parseAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    throw new Error(`${text.length} characters that are no JSON`);
  }
}

function complete(accessKeyId: unknown, secretAccessKey: unknown, sessionToken: unknown): Credentials {
  if (!isHeaderSafe(accessKeyId) || typeof secretAccessKey !== 'string' || secretAccessKey === '') {
    throw missing('the credentials are not complete (expected an access key id and a secret)');
  }
  if (!sessionToken) return { accessKeyId, secretAccessKey };
  if (!isHeaderSafe(sessionToken))
    throw missing('the session token holds characters that no header may hold');
  return { accessKeyId, secretAccessKey, sessionToken };
}

function isHeaderSafe(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

function missing(message: string, cause?: unknown): HandlerError {
  return new HandlerError('DEPS_CREDS', message, {
    hint: 'give the function an execution role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    cause,
  });
}
