/**
 * The rows that trip every adapter we tried, as data: an event, what its app does, and a judge of the outcome. Our
 * tests and bench/edge.ts run the same rows.
 */
import zlib from 'node:zlib';
import { eventOf } from './events.ts';
import type { Echo } from './support.ts';

/** What the app of each adapter has to serve, in whatever way that framework is written for. */
export const routes = {
  /** Answers JSON `{method, url, headers, body}`, body in base64; matches every path that no other route takes. */
  echo: '*',
  /** `image/png`, the bytes of `png`. */
  png: '/png',
  /** `text/plain` with `content-encoding: zstd`, the bytes of `zstd`. */
  zstd: '/zstd',
  /** Sets two cookies, `a=1` and `b=2`. */
  cookies: '/cookies',
  /** A stream that gives some bytes and then fails. */
  broken: '/broken',
} as const;

export const png = Buffer.from('89504e470d0a1a0a0000000d49484452ff00fe80', 'hex');
export const text = 'zstd is not in the list of encodings of most adapters';
export const zstd = zlib.zstdCompressSync(Buffer.from(text));
/** Every byte there is: what an upload may hold and no text encoding survives. */
export const upload = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly kind: 'thrown'; readonly error: unknown }
  | { readonly kind: 'hang' };

export interface Row {
  readonly name: string;
  readonly event: () => unknown;
  /** What is wrong; undefined where the outcome is right. */
  readonly judge: (outcome: Outcome) => string | undefined;
}

type Answer = Readonly<Record<string, unknown>>;

export const rows: readonly Row[] = [
  {
    name: 'REST v1: a header sent twice arrives twice, in order',
    event: () => eventOf('rest-v1', { path: '/echo', headers: { 'x-tag': ['one', 'two'] } }),
    judge: seen(echo =>
      echo.headers['x-tag'] === 'one, two' ? undefined : `x-tag is ${echo.headers['x-tag']}`,
    ),
  },
  {
    name: '`{}` is answered with 400',
    event: () => ({}),
    judge: answered(answer =>
      answer['statusCode'] === 400 ? undefined : `status ${String(answer['statusCode'])}`,
    ),
  },
  {
    name: 'an SQS batch fails the invocation, so that the queue keeps it',
    event: () => ({
      Records: [
        { messageId: '1', eventSource: 'aws:sqs', body: '{}', eventSourceARN: 'arn:aws:sqs:us-east-1:1:q' },
      ],
    }),
    judge: outcome => (outcome.kind === 'thrown' ? undefined : describe(outcome)),
  },
  {
    name: 'HTTP API v2 without `rawPath`: the path is `requestContext.http.path`',
    event: () => {
      const { rawPath: _, ...event } = eventOf('http-v2', { path: '/echo/here' });
      return event;
    },
    judge: seen(echo => (echo.url === '/echo/here' ? undefined : `url is ${echo.url}`)),
  },
  {
    name: 'HTTP API v2: `?` and `#` of a decoded path stay in the path',
    event: () => eventOf('http-v2', { path: '/echo/a%3Fb%23c', query: 'q=1' }),
    judge: seen(echo => (echo.url === '/echo/a%3Fb%23c?q=1' ? undefined : `url is ${echo.url}`)),
  },
  {
    name: 'a binary upload arrives byte for byte',
    event: () =>
      eventOf('http-v2', {
        method: 'POST',
        path: '/echo',
        headers: { 'content-type': 'application/octet-stream' },
        body: upload,
      }),
    judge: seen(echo => (echo.body === upload.toString('base64') ? undefined : 'the body differs')),
  },
  {
    name: 'a PNG leaves byte for byte, without configuration',
    event: () => eventOf('http-v2', { path: '/png' }),
    judge: answered(answer => (bodyOf(answer).equals(png) ? undefined : 'the body differs')),
  },
  {
    name: 'a body in zstd leaves byte for byte',
    event: () => eventOf('http-v2', { path: '/zstd' }),
    judge: answered(answer => (bodyOf(answer).equals(zstd) ? undefined : 'the body differs')),
  },
  ...(['rest-v1', 'http-v2', 'alb', 'alb-multi'] as const).map(
    (source): Row => ({
      name: `${source}: both of two cookies leave`,
      event: () => eventOf(source, { path: '/cookies' }),
      judge: answered(answer => {
        const found = cookies(source, answer);
        return found.length === 2 && found[0]?.startsWith('a=1') && found[1]?.startsWith('b=2')
          ? undefined
          : `cookies are ${JSON.stringify(found)}`;
      }),
    }),
  ),
  {
    name: 'ALB: the query `q=%2B+x%2526` means `+ x%26`',
    event: () => eventOf('alb', { path: '/echo', query: 'q=%2B+x%2526' }),
    judge: seen(echo => {
      const value = new URL(echo.url, 'http://x').searchParams.get('q');
      return value === '+ x%26' ? undefined : `q is ${String(value)}`;
    }),
  },
  {
    name: 'a stream that fails midway fails the invocation',
    event: () => eventOf('function-url', { path: '/broken' }),
    judge: outcome => {
      if (outcome.kind === 'thrown') return undefined;
      if (outcome.kind === 'answer' && Number(outcome.answer['statusCode']) >= 500) return undefined;
      return describe(outcome);
    },
  },
];

function answered(judge: (answer: Answer) => string | undefined): Row['judge'] {
  return outcome => (outcome.kind === 'answer' ? judge(outcome.answer) : describe(outcome));
}

function seen(judge: (echo: Echo) => string | undefined): Row['judge'] {
  return answered(answer => {
    if (answer['statusCode'] !== 200) return `status ${String(answer['statusCode'])}`;
    return judge(JSON.parse(bodyOf(answer).toString()) as Echo);
  });
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answer':
      return `answered ${String(outcome.answer['statusCode'])}`;
    case 'thrown':
      return `threw ${outcome.error instanceof Error ? outcome.error.name : typeof outcome.error}`;
    case 'hang':
      return 'never settled';
  }
}

function bodyOf(answer: Answer): Buffer {
  return Buffer.from(String(answer['body'] ?? ''), answer['isBase64Encoded'] === true ? 'base64' : 'utf8');
}

/** Cookies where the source itself looks for them. */
function cookies(source: 'rest-v1' | 'http-v2' | 'alb' | 'alb-multi', answer: Answer): string[] {
  const multi = (answer['multiValueHeaders'] ?? {}) as Readonly<Record<string, string[]>>;
  const single = (answer['headers'] ?? {}) as Readonly<Record<string, string>>;
  const many = Object.entries(multi).filter(([name]) => name.toLowerCase() === 'set-cookie');
  const ones = Object.entries(single).filter(([name]) => name.toLowerCase() === 'set-cookie');
  switch (source) {
    case 'http-v2':
      return (answer['cookies'] ?? []) as string[];
    case 'alb':
      return ones.map(([, value]) => value);
    case 'alb-multi':
      return answer['headers'] === undefined || Object.keys(single).length === 0
        ? many.flatMap(([, values]) => values)
        : [];
    case 'rest-v1':
      return many.length > 0 ? many.flatMap(([, values]) => values) : ones.map(([, value]) => value);
  }
}

/** Invokes a handler and waits for how it ends, but not for ever. @param patienceMs before it counts as hanging */
export async function outcomeOf(
  handler: (event: unknown, context: unknown) => unknown,
  event: unknown,
  context: unknown,
  patienceMs: number,
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<Outcome>(resolve => {
    timer = setTimeout(() => resolve({ kind: 'hang' }), patienceMs);
  });
  const settled = (async (): Promise<Outcome> => {
    try {
      const answer = await handler(event, context);
      return { kind: 'answer', answer: (answer ?? {}) as Answer };
    } catch (error) {
      return { kind: 'thrown', error };
    }
  })();
  try {
    return await Promise.race([settled, hang]);
  } finally {
    clearTimeout(timer);
  }
}
