/** Reads what S3 says when it does not give the object: status, headers and the XML error. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A refusal, boiled down to what the decision needs. */
export interface Refusal {
  readonly status: number;
  /** S3's own code, e.g. `NoSuchKey`; empty when there was no XML. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
  readonly code: string;
  /** S3's sentence, printable characters only. */
  readonly message: string;
  /** The region that S3 names instead. */
  readonly region: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** What AWS support asks for; empty without. */
  readonly requestId: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly date: number | undefined;
}

const longestError = 65_536;

/** Reads a refusal's body, at most 64 KB and `timeoutMs`: what did not come by then is not needed. */
export async function readRefusal(answer: IncomingMessage, timeoutMs: number): Promise<Refusal> {
  const chunks: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => answer.destroy(), timeoutMs);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > longestError) break;
    }
  } catch {
    // broken off: the status says enough
  } finally {
    clearTimeout(timer);
  }
  return parseRefusal(
    answer.statusCode ?? 0,
    answer.headers,
    Buffer.concat(chunks).toString('utf8', 0, longestError),
  );
}

/** The same from text. Pure but for the clock that a date in `Retry-After` is compared with: the server's own. */
export function parseRefusal(status: number, headers: IncomingHttpHeaders, xml: string): Refusal {
  const date = Date.parse(headers.date ?? '');
  return {
    status,
    code: /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(xml)?.[1] ?? '',
    message: printable(/<Message>([^<]{1,2000})/.exec(xml)?.[1] ?? ''),
    region: regionIn(headers, xml),
    retryAfterMs: retryAfter(headers['retry-after'], date),
    requestId: printable(String(headers['x-amz-request-id'] ?? '')).slice(0, 100),
    date: Number.isNaN(date) ? undefined : date,
  };
}

/**
 * A region by name, never an address to follow: the host is built by us from the name, so a redirect cannot
 * lead out of AWS (or away from the configured endpoint).
 */
function regionIn(headers: IncomingHttpHeaders, xml: string): string | undefined {
  const candidates = [
    headers['x-amz-bucket-region'] as string | undefined,
    /<Region>([^<]{1,40})<\/Region>/.exec(xml)?.[1],
    /^https:\/\/(?:[a-z0-9.-]{3,63}\.)?s3[.-]([a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?\//.exec(
      headers.location ?? '',
    )?.[1],
  ];
  return candidates.find(region => /^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(region ?? ''));
}

function retryAfter(value = '', date: number): number | undefined {
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const ms = Date.parse(value) - date;
  return Number.isNaN(ms) || ms < 0 ? undefined : ms;
}

/** For the log: no control characters, no terminal escapes, no invisible ones. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
