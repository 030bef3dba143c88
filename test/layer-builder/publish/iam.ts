/** IAM as far as our policies use it: what a call needs, and whether policies allow that and nothing denies it. */
import type { Policy } from '../../../layer-builder/report/policies.ts';
import type { ProxiedCall } from './proxy.ts';

export interface Need {
  readonly action: string;
  readonly resource: string;
}

/** `*` is any text, `?` any character; all else is itself. */
function covers(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

export function allows(policies: readonly Policy[], { action, resource }: Need): boolean {
  return policies
    .flatMap(({ Statement }) => Statement)
    .some(
      ({ Effect, Action, Resource }) =>
        Effect === 'Allow' &&
        Action.some(pattern => covers(pattern, action)) &&
        Resource.some(pattern => covers(pattern, resource)),
    );
}

const functionActions: readonly (readonly [way: RegExp, action: string])[] = [
  [/^GET functions\/?$/, 'ListFunctions'],
  [/^GET functions\/[^/]+$/, 'GetFunction'],
  [/^DELETE functions\/[^/]+$/, 'DeleteFunction'],
  [/^GET functions\/[^/]+\/configuration$/, 'GetFunctionConfiguration'],
  [/^PUT functions\/[^/]+\/configuration$/, 'UpdateFunctionConfiguration'],
  [/^PUT functions\/[^/]+\/code$/, 'UpdateFunctionCode'],
  [/^GET functions\/[^/]+\/versions$/, 'ListVersionsByFunction'],
  [/^POST functions\/[^/]+\/versions$/, 'PublishVersion'],
  [/^GET functions\/[^/]+\/aliases$/, 'ListAliases'],
  [/^GET functions\/[^/]+\/aliases\/[^/]+$/, 'GetAlias'],
  [/^PUT functions\/[^/]+\/aliases\/[^/]+$/, 'UpdateAlias'],
  [/^GET functions\/[^/]+\/url$/, 'GetFunctionUrlConfig'],
  [/^GET functions\/[^/]+\/policy$/, 'GetPolicy'],
  [/^POST functions\/[^/]+\/invocations$/, 'InvokeFunction'],
  [/^GET functions\/[^/]+\/code-signing-config$/, 'GetFunctionCodeSigningConfig'],
];

const bucketActions: Readonly<Record<string, string>> = {
  'HEAD bucket': 'ListBucket',
  'GET versioning': 'GetBucketVersioning',
  'GET publicAccessBlock': 'GetBucketPublicAccessBlock',
  'GET policy': 'GetBucketPolicy',
  'GET lifecycle': 'GetLifecycleConfiguration',
  'GET uploads': 'ListBucketMultipartUploads',
};

/** The permissions that AWS asks for one call. Throws for a call that this table does not know. */
export function needsOf({ action, path, region, body }: ProxiedCall, account: string): Need[] {
  const arn = (kind: string, name: string) => `arn:aws:lambda:${region}:${account}:${kind}:${name}`;
  const parsed = action.startsWith('lambda:') && body.length > 0 ? JSON.parse(body.toString()) : {};
  const [, layer, version] = path.match(/\/layers\/([^/]+)(?:\/versions\/(\d+))?/) ?? [];
  if (layer !== undefined) {
    const own = { action, resource: version ? `${arn('layer', layer)}:${version}` : arn('layer', layer) };
    const { S3Bucket, S3Key, S3ObjectVersion } = parsed.Content ?? {};
    const read = S3ObjectVersion ? 's3:GetObjectVersion' : 's3:GetObject';
    return S3Bucket ? [own, { action: read, resource: `arn:aws:s3:::${S3Bucket}/${S3Key}` }] : [own];
  }
  if (action === 'lambda:ListLayers') return [];
  if (/^lambda:GET layers/.test(action)) return [];
  if (action.startsWith('lambda:')) {
    const way = action.slice('lambda:'.length);
    const name = functionActions.find(([known]) => known.test(way))?.[1];
    if (name === undefined) throw new Error(`no permission known for ${action}`);
    if (name === 'ListFunctions') return [{ action: `lambda:${name}`, resource: '*' }];
    const needs = [{ action: `lambda:${name}`, resource: arn('function', way.split('/')[1] ?? '') }];
    if (parsed.Role) needs.push({ action: 'iam:PassRole', resource: parsed.Role });
    for (const resource of parsed.Layers ?? []) needs.push({ action: 'lambda:GetLayerVersion', resource });
    return needs;
  }
  const [bucket = '', ...key] = path.slice(1).split('/');
  // The clock is read off the endpoint itself, without a signature.
  if (bucket === '') return [];
  const resource = `arn:aws:s3:::${bucket}${key.join('/') === '' ? '' : `/${key.join('/')}`}`;
  if (action === 's3:HeadObject') return [{ action: 's3:GetObject', resource }];
  if (/^s3:(?:GetObject|PutObject|ListBucket)$/.test(action)) return [{ action, resource }];
  if (action === 's3:DELETE object') return [{ action: 's3:DeleteObject', resource }];
  const setting = bucketActions[action.slice('s3:'.length)];
  if (setting === undefined) throw new Error(`no permission known for ${action}`);
  return [{ action: `s3:${setting}`, resource }];
}
