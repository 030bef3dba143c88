/** HTTP request to payload 2.0 event, and the function's answer to HTTP response, as a function URL does it. Pure. */

/** The request as it arrived. */
export interface UrlRequest {
  readonly method: string;
  /** Raw target: path and query, still encoded. */
  readonly target: string;
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string[] | undefined>>;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly urlId: string;
  /** host:port */
  readonly domain: string;
  readonly requestId: string;
  readonly traceId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of a signed request. */
  readonly principal?: { readonly arn: string; readonly accessKeyId: string } | undefined;
  readonly account: string;
}

export interface UrlResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload */
export function toEvent(request: UrlRequest): Record<string, unknown> {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const query = mark < 0 ? '' : request.target.slice(mark + 1);
  const { cookie, ...headers } = eventHeaders(request);
  const text = isText(headers['content-type'], headers['content-encoding']);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path || '/',
    rawQueryString: query,
    ...(cookie ? { cookies: cookie.split(/; */).filter(part => part !== '') } : {}),
    headers,
    ...(query ? { queryStringParameters: joined(new URLSearchParams(query)) } : {}),
    requestContext: {
      accountId: request.principal ? request.account : 'anonymous',
      apiId: request.urlId,
      ...(request.principal ? { authorizer: { iam: iamOf(request.principal, request.account) } } : {}),
      domainName: request.domain,
      domainPrefix: request.urlId,
      http: {
        method: request.method,
        path: decoded(path) || '/',
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(request.at),
      timeEpoch: request.at,
    },
    ...(request.body.length > 0 ? { body: request.body.toString(text ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: request.body.length > 0 && !text,
  };
}

/**
 * The function's answer as a response, or undefined when Lambda would answer 502.
 * An object with `statusCode` is taken field by field; anything else is a 200 with itself as JSON body.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
 */
export function toResponse(payload: Buffer): UrlResponse | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString() || 'null');
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['statusCode'] === undefined) {
    const body = typeof value === 'string' ? value : payload.toString();
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(body),
    };
  }
  const status = Number(value['statusCode']);
  const body = value['body'] ?? '';
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (typeof body !== 'string') return undefined;
  const headers = responseHeaders(value['headers']);
  const cookies = value['cookies'];
  if (!headers) return undefined;
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    cookies: Array.isArray(cookies)
      ? cookies.filter(one => typeof one === 'string' && isFieldValue(one))
      : [],
    body: Buffer.from(body, value['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
}

/** Header values that may go on the wire: no line breaks, nothing that Node refuses. */
export function responseHeaders(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, item] of Object.entries(value)) {
    const text = String(item);
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !isFieldValue(text)) return undefined;
    const key = name.toLowerCase();
    // Framing is this server's business.
    if (!['connection', 'content-length', 'transfer-encoding'].includes(key)) headers[key] = text;
  }
  return headers;
}

function eventHeaders(request: UrlRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headers)) {
    if (name !== 'connection' && values) headers[name] = values.join(name === 'cookie' ? '; ' : ',');
  }
  return {
    ...headers,
    'x-amzn-trace-id': request.traceId,
    'x-forwarded-for': request.sourceIp,
    'x-forwarded-port': request.domain.split(':')[1] ?? '80',
    'x-forwarded-proto': 'http',
  };
}

/** Repeated names are joined by a comma, as payload 2.0 has it. */
function joined(query: URLSearchParams): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of query)
    values.set(name, values.has(name) ? `${values.get(name)},${value}` : value);
  return Object.fromEntries(values);
}

/** What Lambda hands over as text; everything else comes in base64. */
function isText(type = '', encoding = ''): boolean {
  if (encoding !== '' && encoding !== 'identity') return false;
  return (
    /^(text\/|application\/([\w.+-]*\+)?(json|xml|javascript|x-www-form-urlencoded|graphql)\b)/i.test(type) ||
    type === ''
  );
}

function iamOf(principal: { arn: string; accessKeyId: string }, account: string): Record<string, unknown> {
  return {
    accessKey: principal.accessKeyId,
    accountId: account,
    callerId: principal.accessKeyId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: principal.arn,
    userId: principal.accessKeyId,
  };
}

function commonLogTime(at: number): string {
  const [, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
