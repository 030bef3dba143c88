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
  if (typeof header !== 'string') return undefined;
  const at = header.indexOf('Root=');
  if (at < 0) return undefined;
  const end = header.indexOf(';', at);
  const id = header.slice(at + 'Root='.length, end < 0 ? undefined : end);
  return traceId.test(id) ? id : undefined;
}

const traceId = /^[\w-]{1,64}$/;

function isSane(value: unknown): value is string {
  return typeof value === 'string' && sane.test(value);
}
