/** Tells what an event is: an HTTP request of one of five sources, a warm-up ping, a direct invoke, or somebody else's. */

/** Who made the HTTP event; it decides how path and query arrive and in which schema the answer leaves. */
export type HttpSource = 'rest-v1' | 'http-v2' | 'function-url' | 'alb' | 'alb-multi';

export interface HttpEvent {
  readonly kind: 'http';
  readonly source: HttpSource;
  readonly event: Fields;
}

export type Verdict =
  | HttpEvent
  /** Keeps an environment warm; never reaches the app. */
  | { readonly kind: 'warm-up' }
  /** Somebody called Invoke with a payload that is no HTTP request. */
  | { readonly kind: 'direct' }
  /** A queue, stream, topic, schedule, storage … event: an answer would count as success and delete the message. */
  | { readonly kind: 'foreign'; readonly origin: string };

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Classifies an event by the fields its origin documents. Never throws.
 * Foreign origins are asked first: an API Gateway WebSocket message and a Lambda authorizer request carry the
 * fields of an HTTP request as well, and must not be routed.
 */
export function classify(event: unknown): Verdict {
  if (Array.isArray(event)) return isBatch(event) ? { kind: 'foreign', origin: 'batch' } : { kind: 'direct' };
  if (!isFields(event)) return { kind: 'direct' };
  const context = isFields(event['requestContext']) ? event['requestContext'] : undefined;
  const source = context === undefined ? undefined : sourceOf(event, context);
  if (source !== undefined && !isGuarded(event, context)) return { kind: 'http', source, event };
  const origin = originOf(event, context);
  if (origin !== undefined) return { kind: 'foreign', origin };
  if (isWarmUp(event)) return { kind: 'warm-up' };
  // a hand-made REST event without a context: what test consoles and older tools send
  if (isText(event['httpMethod']) && isText(event['path'])) return { kind: 'http', source: 'rest-v1', event };
  return { kind: 'direct' };
}

/** True for an object that is no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sourceOf(event: Fields, context: Fields): HttpSource | undefined {
  if (isFields(context['http'])) {
    if (!isText(context['http']['method'])) return undefined;
    return isFunctionUrl(context) ? 'function-url' : 'http-v2';
  }
  if (!isText(event['httpMethod'])) return undefined;
  if (isFields(context['elb'])) return isFields(event['multiValueHeaders']) ? 'alb-multi' : 'alb';
  return isText(event['path']) ? 'rest-v1' : undefined;
}

/**
 * HTTP APIs and function URLs share payload format 2.0 but not the state of `rawPath`: the former decode it. A
 * function URL always has Lambda's own domain; on loopback (local-aws) and without any domain the path counts as
 * encoded too, because decoding is what only API Gateway does.
 */
function isFunctionUrl(context: Fields): boolean {
  const domain = context['domainName'];
  if (!isText(domain)) return true;
  return domain.includes('.lambda-url.') || domain.startsWith('localhost') || domain.startsWith('127.');
}

/** True where an event with HTTP fields is not an HTTP request all the same. */
function isGuarded(event: Fields, context: Fields | undefined): boolean {
  return (
    context?.['connectionId'] !== undefined ||
    event['methodArn'] !== undefined ||
    event['routeArn'] !== undefined ||
    event['Records'] !== undefined
  );
}

/** A field that only events of one origin carry at the top level. https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html */
const marks: Readonly<Record<string, string>> = {
  Records: 'records',
  records: 'records',
  eventSource: 'event source',
  eventSourceArn: 'event source',
  eventSourceARN: 'event source',
  'detail-type': 'eventbridge',
  awslogs: 'cloudwatch-logs',
  methodArn: 'authorizer',
  routeArn: 'authorizer',
  authorizationToken: 'authorizer',
  getObjectContext: 's3-object-lambda',
  invocationSchemaVersion: 's3-batch',
  deliveryStreamArn: 'firehose',
  raw_path: 'vpc-lattice',
  alarmArn: 'cloudwatch-alarm',
  triggerSource: 'cognito',
  identityPoolId: 'cognito',
  'CodePipeline.job': 'codepipeline',
  invokingEvent: 'config',
  ResourceProperties: 'cloudformation',
  StackId: 'cloudformation',
  bot: 'lex',
  rmqMessagesByQueue: 'mq',
  SecretId: 'secrets-manager',
};

function originOf(event: Fields, context: Fields | undefined): string | undefined {
  if (context?.['connectionId'] !== undefined) return 'websocket';
  if (context?.['serviceNetworkArn'] !== undefined) return 'vpc-lattice';
  for (const [field, origin] of Object.entries(marks)) {
    if (event[field] !== undefined) return origin;
  }
  return undefined;
}

/** EventBridge Pipes hand over a bare list of records. */
function isBatch(events: readonly unknown[]): boolean {
  return events.some(item => isFields(item) && originOf(item, undefined) !== undefined);
}

/** The pings of serverless-plugin-warmup and lambda-warmer, and a plain `{"warmup": true}`. */
function isWarmUp(event: Fields): boolean {
  return (
    event['source'] === 'serverless-plugin-warmup' || event['warmup'] === true || event['warmer'] === true
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
