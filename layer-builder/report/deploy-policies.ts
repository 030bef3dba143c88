/** Least-privilege policies for whoever deploys. Pure. */
import type { Policy, PolicyFacts } from './policies.ts';
import { allow, layerArns, partitionOf, policy } from './policies.ts';

export interface DeployPolicyFacts extends PolicyFacts {
  readonly service: string;
}

/**
 * What `deploy` with `status`, `logs`, `rollback` and `destroy` needs, for the functions of one service, and `promote`
 * and `rollback` of a channel besides the publisher's.
 */
export function deployerPolicy(facts: DeployPolicyFacts): Policy {
  const { regions, account, service } = facts;
  const partition = partitionOf(regions[0]);
  const inRegions = (name: string, rest: string) =>
    regions.map(region => `arn:${partition}:${name}:${region}:${account}:${rest}`);
  return policy([
    allow(
      'Deploy',
      [
        'lambda:AddPermission',
        'lambda:CreateAlias',
        'lambda:CreateFunction',
        'lambda:CreateFunctionUrlConfig',
        'lambda:DeleteFunction',
        'lambda:DeleteFunctionConcurrency',
        'lambda:DeleteFunctionUrlConfig',
        'lambda:GetAlias',
        'lambda:GetFunction',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionUrlConfig',
        'lambda:GetPolicy',
        'lambda:InvokeFunction',
        'lambda:ListVersionsByFunction',
        'lambda:PublishVersion',
        'lambda:PutFunctionConcurrency',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateAlias',
        'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration',
        'lambda:UpdateFunctionUrlConfig',
      ],
      inRegions('lambda', `function:${service}__*`),
    ),
    // Lambda reads a layer in the name of whoever attaches it.
    allow(
      'AttachLayers',
      ['lambda:GetLayerVersion'],
      layerArns(facts).map(arn => `${arn}:*`),
    ),
    {
      ...allow('GiveRole', ['iam:PassRole'], [`arn:${partition}:iam::${account}:role/*`]),
      Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
    },
    allow(
      'KeepLog',
      ['logs:CreateLogGroup', 'logs:FilterLogEvents', 'logs:PutRetentionPolicy'],
      inRegions('logs', `log-group:/aws/lambda/${service}__*`),
    ),
    // These two are asked by name, but know no narrower resource.
    allow('FindLog', ['logs:DescribeLogGroups'], inRegions('logs', 'log-group:*')),
    allow('WatchAlarms', ['cloudwatch:DescribeAlarms'], ['*']),
  ]);
}

/** What `deploy --create-role` and the `destroy` of such a function need besides. Apart: whoever may make roles may do much. */
export function roleMakerPolicy({ regions, account, service }: DeployPolicyFacts): Policy {
  return policy([
    allow(
      'MakeRole',
      [
        'iam:CreateRole',
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:PutRolePolicy',
      ],
      [`arn:${partitionOf(regions[0])}:iam::${account}:role/${service}__*`],
    ),
  ]);
}
