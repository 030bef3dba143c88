/** Least-privilege policies for the publisher, for the function and for the bucket. Pure. */

export interface PolicyFacts {
  readonly buckets: readonly string[];
  /** `''` or a folder with its slash. */
  readonly prefix: string;
  readonly regions: readonly string[];
  readonly layerNames: readonly string[];
  /** 12 digits; `*` while it is not known: the own account is meant, IAM allows no other there. */
  readonly account: string;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/**
 * What the deployed function may do: read its artifacts by their digests. No listing, no writing. In a versioned
 * bucket the lock pins an object version, and to read one by its id takes the second action.
 */
export function functionPolicy({
  buckets,
  prefix,
  regions,
}: Pick<PolicyFacts, 'buckets' | 'prefix' | 'regions'>): Policy {
  const actions = ['s3:GetObject', 's3:GetObjectVersion'];
  return policy([allow('ReadArtifacts', actions, objects(buckets, `${prefix}sha256/*`, regions))]);
}

/** What `publish`, `list` and `diff` need, and `promote --channel-only`. Nothing can be deleted with it. */
export function publisherPolicy(facts: PolicyFacts): Policy {
  const { buckets, prefix, regions } = facts;
  const layers = layerArns(facts);
  const data = ['sha256/*', 'releases/*', 'channels/*'].flatMap(folder =>
    objects(buckets, `${prefix}${folder}`, regions),
  );
  return policy([
    allow('ReadAndWriteOnce', ['s3:GetObject', 's3:PutObject'], data),
    // Also tells a missing object from a forbidden one.
    allow(
      'ListBucket',
      ['s3:ListBucket'],
      buckets.map(bucket => `arn:${partitionOf(regions[0])}:s3:::${bucket}`),
    ),
    // Lambda reads the layer's bytes in the publisher's name, at the version that was uploaded.
    allow('LayerFromObject', ['s3:GetObjectVersion'], objects(buckets, `${prefix}sha256/*`, regions)),
    allow('FindAndPublishLayers', ['lambda:ListLayerVersions', 'lambda:PublishLayerVersion'], layers),
    allow(
      'ReadAndShareLayers',
      ['lambda:GetLayerVersion', 'lambda:GetLayerVersionPolicy', 'lambda:AddLayerVersionPermission'],
      layers.map(arn => `${arn}:*`),
    ),
  ]);
}

/** What `gc --apply` and `status` need besides. Apart, so that a pipeline that publishes cannot delete. */
export function collectorPolicy(facts: PolicyFacts): Policy {
  const { buckets, prefix, regions, account } = facts;
  const data = ['sha256/*', 'releases/*'].flatMap(folder => objects(buckets, `${prefix}${folder}`, regions));
  const functions = regions.map(
    region => `arn:${partitionOf(regions[0])}:lambda:${region}:${account}:function:*`,
  );
  return policy([
    allow('DeleteUnreachable', ['s3:DeleteObject'], data),
    allow(
      'DeleteLayers',
      ['lambda:DeleteLayerVersion'],
      layerArns(facts).map(arn => `${arn}:*`),
    ),
    allow(
      'ReadLifecycle',
      ['s3:GetLifecycleConfiguration'],
      buckets.map(bucket => `arn:${partitionOf(regions[0])}:s3:::${bucket}`),
    ),
    // ListFunctions knows no resources.
    allow('FindUsers', ['lambda:ListFunctions'], ['*']),
    allow('ReadUsers', ['lambda:GetFunction', 'lambda:ListAliases'], functions),
  ]);
}

/** What `doctor` asks besides: settings of the bucket and of the functions. Reads only. */
export function inspectorPolicy({ buckets, regions, account }: PolicyFacts): Policy {
  const ofBucket = buckets.map(bucket => `arn:${partitionOf(regions[0])}:s3:::${bucket}`);
  const inRegion = (kind: string) =>
    regions.map(region => `arn:${partitionOf(regions[0])}:lambda:${region}:${account}:${kind}:*`);
  return policy([
    allow(
      'ReadBucketSettings',
      [
        's3:GetBucketVersioning',
        's3:GetBucketPublicAccessBlock',
        's3:GetBucketPolicy',
        's3:GetLifecycleConfiguration',
        's3:ListBucketMultipartUploads',
      ],
      ofBucket,
    ),
    allow('ReadFunctionSigning', ['lambda:GetFunctionCodeSigningConfig'], inRegion('function')),
    allow('ReadSigning', ['lambda:GetCodeSigningConfig'], inRegion('code-signing-config')),
  ]);
}

/** For the bucket itself: an artifact or release, once written, cannot be written over, whoever asks. */
export function bucketPolicy(bucket: string, prefix: string, region: string): Policy {
  return policy([
    {
      Sid: 'WriteOnce',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:PutObject'],
      Resource: ['sha256/*', 'releases/*'].flatMap(folder =>
        objects([bucket], `${prefix}${folder}`, [region]),
      ),
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
      Condition: { Null: { 's3:if-none-match': 'true' } },
    },
  ]);
}

export function policy(statements: readonly Statement[]): Policy {
  return { Version: '2012-10-17', Statement: statements };
}

export function allow(sid: string, actions: readonly string[], resources: readonly string[]): Statement {
  return { Sid: sid, Effect: 'Allow', Action: actions, Resource: [...new Set(resources)] };
}

function objects(buckets: readonly string[], path: string, regions: readonly string[]): string[] {
  return buckets.map(bucket => `arn:${partitionOf(regions[0])}:s3:::${bucket}/${path}`);
}

export function layerArns({ regions, account, layerNames }: PolicyFacts): string[] {
  return regions.flatMap(region =>
    layerNames.map(name => `arn:${partitionOf(regions[0])}:lambda:${region}:${account}:layer:${name}`),
  );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export function partitionOf(region = ''): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
