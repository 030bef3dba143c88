/** Events of the five sources as their documentation shows them, from one description of a request. */
import type { HttpSource } from '../../../handler/edge/classify.ts';

export const sources: readonly HttpSource[] = ['rest-v1', 'http-v2', 'function-url', 'alb', 'alb-multi'];

export interface RequestLine {
  readonly method?: string;
  /** Encoded, as a client sends it. */
  readonly path?: string;
  /** Encoded, without the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** The event that `source` makes of a request. */
export function eventOf(source: HttpSource, line: RequestLine = {}): Record<string, unknown> {
  const { method = 'GET', path = '/', query = '', body } = line;
  const headers = Object.entries(line.headers ?? {}).map(([name, value]) => [name, [value].flat()] as const);
  const isBinary = Buffer.isBuffer(body);
  const content = {
    // format 2.0 leaves the field out, the others keep it
    ...(body === undefined && (source === 'http-v2' || source === 'function-url')
      ? {}
      : { body: isBinary ? body.toString('base64') : (body ?? (source === 'rest-v1' ? null : '')) }),
    isBase64Encoded: isBinary,
  };
  const single = Object.fromEntries(headers.map(([name, values]) => [name, values.join(',')]));
  const last = Object.fromEntries(headers.map(([name, values]) => [name, values.at(-1)]));
  const multi = Object.fromEntries(headers);
  switch (source) {
    case 'rest-v1': {
      const { all, lastOf } = queryMaps(query, decodeQuery);
      return {
        resource: '/{proxy+}',
        path,
        httpMethod: method,
        headers: last,
        multiValueHeaders: multi,
        queryStringParameters: lastOf,
        multiValueQueryStringParameters: all,
        pathParameters: null,
        stageVariables: null,
        requestContext: {
          httpMethod: method,
          path: `/prod${path}`,
          stage: 'prod',
          requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
          identity: { sourceIp: '203.0.113.7', userAgent: 'test' },
        },
        ...content,
      };
    }
    case 'http-v2':
    case 'function-url': {
      const isUrl = source === 'function-url';
      const rawPath = isUrl ? path : decodeURIComponent(path);
      const { cookie, ...rest } = single;
      return {
        version: '2.0',
        routeKey: '$default',
        rawPath,
        rawQueryString: query,
        ...(cookie === undefined ? {} : { cookies: String(cookie).split('; ') }),
        headers: rest,
        requestContext: {
          domainName: isUrl
            ? 'abcdefgh.lambda-url.us-east-1.on.aws'
            : 'abcdefgh.execute-api.us-east-1.amazonaws.com',
          http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
          requestId: 'JKJaXmPLvHcESHA=',
          stage: '$default',
        },
        ...content,
      };
    }
    case 'alb':
    case 'alb-multi': {
      const { all, lastOf } = queryMaps(query, text => text);
      const forwarded = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
      const isMulti = source === 'alb-multi';
      return {
        requestContext: {
          elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t/1' },
        },
        httpMethod: method,
        path,
        ...(isMulti
          ? {
              multiValueQueryStringParameters: all,
              multiValueHeaders: {
                ...multi,
                ...Object.fromEntries(Object.entries(forwarded).map(([name, value]) => [name, [value]])),
              },
            }
          : { queryStringParameters: lastOf, headers: { ...last, ...forwarded } }),
        ...content,
      };
    }
  }
}

function decodeQuery(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function queryMaps(
  query: string,
  decode: (text: string) => string,
): { all: Record<string, string[]> | null; lastOf: Record<string, string> | null } {
  if (query === '') return { all: null, lastOf: null };
  const all: Record<string, string[]> = {};
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    all[name] = [
      ...(Object.hasOwn(all, name) ? (all[name] ?? []) : []),
      at < 0 ? '' : decode(pair.slice(at + 1)),
    ];
  }
  return {
    all,
    lastOf: Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.at(-1) ?? ''])),
  };
}
