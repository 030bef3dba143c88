/** The execution role that the deployer makes when asked: read, made, given its policy, deleted. */
import { nameOf } from './failures.ts';
import type { SideAccess } from './side-access.ts';
import { elementOf } from './signed.ts';

export interface RoleState {
  readonly arn: string;
  readonly description: string;
  /** Our inline policy as it is; undefined when there is none. */
  readonly policy: string | undefined;
}

/** Name of the one inline policy that the deployer writes. */
const policyName = 'layer-builder';
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
});

/** The role and our policy in it; undefined when there is no such role. */
export async function readRole(side: SideAccess, name: string): Promise<RoleState | undefined> {
  const role = await unlessMissing(iam(side, 'GetRole', { RoleName: name }));
  if (role === undefined) return undefined;
  const at = { RoleName: name, PolicyName: policyName };
  const policy = await unlessMissing(iam(side, 'GetRolePolicy', at));
  return {
    arn: elementOf(role, 'Arn') ?? '',
    description: elementOf(role, 'Description') ?? '',
    policy: policy && decodeURIComponent(elementOf(policy, 'PolicyDocument') ?? ''),
  };
}

/** Makes a role that Lambda may take; answers its ARN. It may do nothing before `putRolePolicy`. */
export async function createRole(side: SideAccess, name: string, description: string): Promise<string> {
  const input = { RoleName: name, AssumeRolePolicyDocument: trust, Description: description };
  return elementOf(await iam(side, 'CreateRole', input), 'Arn') ?? '';
}

export async function putRolePolicy(side: SideAccess, name: string, policy: string): Promise<void> {
  await iam(side, 'PutRolePolicy', { RoleName: name, PolicyName: policyName, PolicyDocument: policy });
}

/** Deletes the role with our policy; what is not there counts as deleted. */
export async function deleteRole(side: SideAccess, name: string): Promise<void> {
  await unlessMissing(iam(side, 'DeleteRolePolicy', { RoleName: name, PolicyName: policyName }));
  await unlessMissing(iam(side, 'DeleteRole', { RoleName: name }));
}

function iam(side: SideAccess, operation: string, input: Readonly<Record<string, string>>): Promise<string> {
  const expected = (error: unknown) => nameOf(error) === 'NoSuchEntity';
  const about = { action: `iam:${operation}`, resource: input['RoleName'] ?? '', expected };
  return side.call(about, options => side.iam(operation, input, options));
}

async function unlessMissing(answer: Promise<string>): Promise<string | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (nameOf(error) === 'NoSuchEntity') return undefined;
    throw error;
  }
}
