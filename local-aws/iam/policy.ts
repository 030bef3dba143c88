/** Policies of roles: read strictly, then asked whether they allow a call. Pure. */
import { ApiError } from '../api/error.ts';
import { glob } from '../glob.ts';

export interface RoleStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Longest inline policies of a role together, in characters. */
const longest = 10_240;

/**
 * Throws `MalformedPolicyDocument` for what IAM refuses, and for conditions, `NotAction` and `NotResource`, which
 * this server cannot judge: better refused than quietly ignored.
 */
export function parseRolePolicy(text: string): readonly RoleStatement[] {
  if (text.length > longest) {
    throw new ApiError('LimitExceeded', `Maximum policy size of ${longest} bytes exceeded for role`, 409);
  }
  return statementsOf(text).map(statement => {
    const { Effect, Action, Resource, Sid: _sid, ...rest } = statement;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw malformed(`local-aws knows no ${unknown} in the policy of a role`);
    if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed('Syntax errors in policy: Effect');
    return { effect: Effect, actions: textsOf(Action, 'Action'), resources: textsOf(Resource, 'Resource') };
  });
}

/** The trust policy of a role, if Lambda may take it; the text as it came. */
export function parseTrust(text: string): string {
  const statements = statementsOf(text);
  if (statements.length === 0) throw malformed('Syntax errors in policy: Statement');
  return text;
}

/** Allowed by one statement and denied by none. */
export function allows(
  policies: readonly (readonly RoleStatement[])[],
  action: string,
  resource: string,
): boolean {
  const covering = policies
    .flat()
    .filter(
      ({ actions, resources }) =>
        actions.some(pattern => glob(pattern.toLowerCase(), action.toLowerCase())) &&
        resources.some(pattern => glob(pattern, resource)),
    );
  return covering.length > 0 && covering.every(({ effect }) => effect === 'Allow');
}

function statementsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  let document: { Version?: unknown; Statement?: unknown };
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  const { Version = '2008-10-17', Statement = [] } = document ?? {};
  if (Version !== '2012-10-17' && Version !== '2008-10-17')
    throw malformed('Syntax errors in policy: Version');
  return (Array.isArray(Statement) ? Statement : [Statement]) as readonly Readonly<Record<string, unknown>>[];
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every(item => typeof item === 'string')) return list as readonly string[];
  throw malformed(`Syntax errors in policy: ${name}`);
}

function malformed(message: string): ApiError {
  return new ApiError('MalformedPolicyDocument', message);
}
