/** Ids of a request: taken over where they are sane, so that a log line or a header cannot be forged with them. */
import { randomUUID } from 'node:crypto';

/** Letters, digits and the punctuation of UUIDs, trace ids and base64. Nothing that ends a line or a header. */
const sane = /^[A-Za-z0-9._:+/=@-]{1,128}$/;

/** The client's `x-request-id` if it is sane, else the gateway's id, else Lambda's, else a new one. */
export function chooseRequestId(...candidates: readonly unknown[]): string {
  for (const candidate of candidates) if (isSane(candidate)) return candidate;
  return randomUUID();
}

export function functionRequestId(context: unknown): string | undefined {
  const id = (context as { awsRequestId?: unknown } | null | undefined)?.awsRequestId;
  return isSane(id) ? id : undefined;
}

/** `Root=1-…` of the invocation's trace header → the trace id alone. */
export function traceIdOf(header: unknown): string | undefined {
  const id = typeof header === 'string' ? /(?:^|;)\s*Root=([\w-]{1,64})/.exec(header)?.[1] : undefined;
  return id;
}

function isSane(value: unknown): value is string {
  return typeof value === 'string' && sane.test(value);
}
