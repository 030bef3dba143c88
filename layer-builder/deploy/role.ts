/** Pure: the role that the deployer makes when asked, and what the function may do with it. Nothing more. */
import { createHash } from 'node:crypto';
import type { Lock } from '../../artifact/lock.ts';
import { functionPolicy, partitionOf } from '../report/policies.ts';

/** The role as it shall be. */
export interface OwnRole {
  readonly name: string;
  /** Tells ours from others: `destroy` deletes only a role that says this. */
  readonly description: string;
  /** The policy, once the role's ARN tells the account. */
  policy(arn: string): string;
}

export interface RoleFacts {
  readonly functionName: string;
  readonly region: string;
  readonly lock: Lock;
  readonly logGroup: string;
  /** Of the configuration: names which parameters the app resolves. */
  readonly environment: Readonly<Record<string, string>>;
  readonly isTraced: boolean;
}

/** Longest name of a role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const longestName = 64;

/** Roles belong to the account, functions to a region: the region is in the name. */
export function roleName(functionName: string, region: string): string {
  const name = `${functionName}__${region}`;
  if (name.length <= longestName) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, longestName - 9)}-${digest}`;
}

export function roleDescription(functionName: string): string {
  return `made by layer-builder for ${functionName}`;
}

export function ownRole(facts: RoleFacts): OwnRole {
  return {
    name: roleName(facts.functionName, facts.region),
    description: roleDescription(facts.functionName),
    policy: arn => JSON.stringify(policyOf(facts, arn.split(':')[4] ?? '')),
  };
}

/**
 * The artifacts by their digests, its own log group, the parameters that its environment names, traces when they
 * are on. The artifacts in every mode: an older version that a rollback brings back may have been deployed in
 * another one.
 */
function policyOf({ region, lock, logGroup, environment, isTraced }: RoleFacts, account: string) {
  const arn = (service: string, rest: string) =>
    `arn:${partitionOf(region)}:${service}:${region}:${account}:${rest}`;
  const places = lock.artifacts.flatMap(({ s3, published }) => {
    const bucket = published[region]?.bucket;
    return bucket === undefined ? [] : [{ bucket, prefix: s3.key.replace(/sha256\/[^/]*$/, '') }];
  });
  const artifacts = places.flatMap(({ bucket, prefix }) => {
    return functionPolicy({ buckets: [bucket], prefix, regions: [region] }).Statement;
  });
  const parameters = [
    ...new Set(
      Object.values(environment).flatMap(value =>
        [...value.matchAll(/\$\{ssm:([^}]+)\}/g)].map(([, name = '']) => name),
      ),
    ),
  ];
  return {
    Version: '2012-10-17',
    Statement: [
      ...unique(artifacts),
      {
        ...{ Sid: 'WriteLog', Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] },
        Resource: [arn('logs', `log-group:${logGroup}:*`)],
      },
      ...(parameters.length === 0
        ? []
        : [
            {
              ...{ Sid: 'ReadParameters', Effect: 'Allow', Action: ['ssm:GetParameter'] },
              Resource: parameters.map(name => arn('ssm', `parameter/${name.replace(/^\//, '')}`)),
            },
          ]),
      ...(isTraced
        ? [
            {
              ...{ Sid: 'WriteTraces', Effect: 'Allow' },
              // X-Ray knows no resources for these.
              Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
              Resource: ['*'],
            },
          ]
        : []),
    ],
  };
}

/** Several artifacts of one bucket ask for the same; a statement's id must be the only one of its name. */
function unique<T extends { readonly Sid: string; readonly Resource: readonly string[] }>(
  statements: readonly T[],
): T[] {
  const byText = new Map(statements.map(statement => [statement.Resource.join(), statement]));
  return [...byText.values()].map((statement, index) =>
    index === 0 ? statement : { ...statement, Sid: `${statement.Sid}${index + 1}` },
  );
}
