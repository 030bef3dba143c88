/** IAM as far as the roles of functions go, and what their inline policies allow. */
import { ApiError } from '../api/error.ts';
import type { Api } from '../api/index.ts';
import { needText, numberOf, pageOf, textOf } from '../api/input.ts';
import type { Input } from '../api/protocols.ts';
import type { Place } from '../lambda/arn.ts';
import { openTable, type Table } from '../table.ts';
import { allows, parseRolePolicy, parseTrust } from './policy.ts';

export interface Role {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly trust: string;
  /** Inline policies by name, as they were sent. */
  readonly policies: Readonly<Record<string, string>>;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** Milliseconds since the epoch. */ readonly created: number;
}

export interface IamService {
  readonly api: Api;
  readonly sts: Api;
  /**
   * Whether a role may do this. A role that was never made here may do everything, for there is nothing to judge
   * it by; one that was made may do what its inline policies allow. An attached managed policy allows everything.
   */
  may(roleArn: string, action: string, resource: string): boolean;
  /** False for a role made a moment ago, which Lambda cannot take yet: AWS needs seconds to tell everybody. */
  isUsable(roleArn: string): boolean;
}

const most = { token: 'Marker', limit: 'MaxItems' };

/** Opens the roles below `data`. `settleMs` is how long a new role stays unusable. Throws `DATA_UNREADABLE`. */
export function openIam(
  data: string,
  place: Place,
  settleMs: number,
  clock: () => number = Date.now,
): IamService {
  const roles = openTable<Role>(data);
  const arnOf = ({ path, name }: Pick<Role, 'path' | 'name'>): string =>
    `arn:aws:iam::${place.account}:role${path}${name}`;
  const byArn = (arn: string): Role | undefined => roles.all().find(role => arnOf(role) === arn);

  const operations: Api['operations'] = {
    CreateRole: async input => {
      const name = needText(input, 'RoleName');
      if (!/^[\w+=,.@-]{1,64}$/.test(name)) {
        throw new ApiError('ValidationError', `The specified value for roleName is invalid: ${name}`);
      }
      if (roles.get(name)) {
        throw new ApiError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
      }
      const role: Role = {
        ...{ name, path: textOf(input, 'Path') || '/', description: textOf(input, 'Description') ?? '' },
        ...{ trust: parseTrust(needText(input, 'AssumeRolePolicyDocument')), policies: {}, attached: [] },
        created: clock(),
      };
      await roles.put(role);
      return { Role: form(role) };
    },
    GetRole: input => ({ Role: form(roleOf(roles, input)) }),
    ListRoles: input => {
      const { items, next } = pageOf(roles.all(), input, most, 100);
      return { Roles: items.map(form), IsTruncated: next !== undefined, Marker: next };
    },
    DeleteRole: async input => {
      const { name, policies, attached } = roleOf(roles, input);
      if (Object.keys(policies).length + attached.length > 0) {
        throw new ApiError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
      }
      await roles.remove(name);
    },
    UpdateAssumeRolePolicy: async input =>
      roles.put({ ...roleOf(roles, input), trust: parseTrust(needText(input, 'PolicyDocument')) }),
    PutRolePolicy: async input => {
      const role = roleOf(roles, input);
      const document = needText(input, 'PolicyDocument');
      parseRolePolicy(document);
      await roles.put({ ...role, policies: { ...role.policies, [needText(input, 'PolicyName')]: document } });
    },
    GetRolePolicy: input => {
      const role = roleOf(roles, input);
      const [name, document] = policyOf(role, input);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(document) };
    },
    ListRolePolicies: input => ({
      PolicyNames: Object.keys(roleOf(roles, input).policies),
      IsTruncated: false,
    }),
    DeleteRolePolicy: async input => {
      const role = roleOf(roles, input);
      const { [policyOf(role, input)[0]]: _gone, ...policies } = role.policies;
      await roles.put({ ...role, policies });
    },
    AttachRolePolicy: async input => {
      const role = roleOf(roles, input);
      await roles.put({ ...role, attached: [...new Set([...role.attached, needText(input, 'PolicyArn')])] });
    },
    DetachRolePolicy: async input => {
      const role = roleOf(roles, input);
      const gone = needText(input, 'PolicyArn');
      await roles.put({ ...role, attached: role.attached.filter(arn => arn !== gone) });
    },
    ListAttachedRolePolicies: input => ({
      AttachedPolicies: roleOf(roles, input).attached.map(arn => ({
        ...{ PolicyName: arn.split('/').at(-1), PolicyArn: arn },
      })),
      IsTruncated: false,
    }),
  };

  function form(role: Role) {
    return {
      ...{ Path: role.path, RoleName: role.name, RoleId: idOf(role.name), Arn: arnOf(role) },
      ...{ CreateDate: new Date(role.created), AssumeRolePolicyDocument: encodeURIComponent(role.trust) },
      ...(role.description === '' ? {} : { Description: role.description }),
      MaxSessionDuration: 3600,
    };
  }

  return {
    api: { service: 'iam', namespace: 'https://iam.amazonaws.com/doc/2010-05-08/', operations },
    sts: {
      service: 'sts',
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      operations: {
        GetCallerIdentity: (_input, arn) => ({
          UserId: 'AKIAIOSFODNN7EXAMPLE',
          Account: place.account,
          Arn: arn,
        }),
      },
    },
    may(roleArn, action, resource) {
      const role = byArn(roleArn);
      if (role === undefined || role.attached.length > 0) return true;
      return allows(Object.values(role.policies).map(parseRolePolicy), action, resource);
    },
    isUsable(roleArn) {
      const role = byArn(roleArn);
      return role === undefined || clock() - role.created >= settleMs;
    },
  };
}

function roleOf(roles: Table<Role>, input: Input): Role {
  numberOf(input, 'MaxItems');
  const name = needText(input, 'RoleName');
  const role = roles.get(name);
  if (role) return role;
  throw new ApiError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
}

function policyOf(role: Role, input: Input): readonly [string, string] {
  const name = needText(input, 'PolicyName');
  const document = Object.hasOwn(role.policies, name) ? role.policies[name] : undefined;
  if (document !== undefined) return [name, document];
  throw new ApiError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
}

/** IAM's ids are 21 capital letters and digits; this one is made from the name. */
function idOf(name: string): string {
  return `AROA${Buffer.from(name).toString('hex').toUpperCase().padEnd(17, 'X').slice(0, 17)}`;
}
