/** Bucket policies: read strictly, then asked whether a statement denies a call. Pure. */
import { glob } from '../../glob.ts';
import { S3Error } from '../errors.ts';

export interface PolicyQuestion {
  /** ARN of who calls. */ readonly principal: string;
  /** `s3:GetObject` */ readonly action: string;
  /** `arn:aws:s3:::bucket/key` */ readonly resource: string;
}

export interface Policy {
  readonly statements: readonly Statement[];
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Selection;
  readonly actions: Selection;
  readonly resources: Selection;
  readonly conditions: readonly Condition[];
}

/** A list of patterns, or everything but them (`NotAction` …). */
interface Selection {
  readonly except: boolean;
  readonly patterns: readonly string[];
}

interface Condition {
  readonly key: string;
  readonly matches: (value: string) => boolean;
}

/** Twenty KB, in bytes. */
export const largestPolicy = 20 * 1024;

/**
 * Reads a policy document for `bucket`. Throws `MalformedPolicy` for what S3 refuses, and `NotImplemented` for a
 * condition this server cannot judge: better refused than quietly ignored.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, bucket: string): Policy {
  const document = parseObject(text);
  const statements = asList(document['Statement']);
  if (statements.length === 0) throw new S3Error('MalformedPolicy', 'Missing required field Statement');
  return { statements: statements.map(statement => parseStatement(statement, bucket)) };
}

/** True when a `Deny` statement of the policy covers the call. */
export function isDenied(policy: Policy, question: PolicyQuestion): boolean {
  return policy.statements.some(
    ({ effect, ...statement }) => effect === 'Deny' && covers(statement, question),
  );
}

/** True when the policy allows anybody at all, which a bucket that blocks public policies refuses. */
export function isPublic(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' &&
      conditions.length === 0 &&
      (principals.except || principals.patterns.includes('*')),
  );
}

function covers(statement: Omit<Statement, 'effect'>, question: PolicyQuestion): boolean {
  return (
    selects(statement.principals, pattern => isPrincipal(pattern, question.principal)) &&
    selects(statement.actions, pattern => glob(pattern.toLowerCase(), question.action.toLowerCase())) &&
    selects(statement.resources, pattern => glob(pattern, question.resource)) &&
    statement.conditions.every(({ key, matches }) => matches(contextOf(key, question)))
  );
}

function selects({ except, patterns }: Selection, matches: (pattern: string) => boolean): boolean {
  return patterns.some(matches) !== except;
}

/** A policy names everybody, an ARN, a whole account, or a role that stands for all its sessions. */
function isPrincipal(pattern: string, principal: string): boolean {
  if (pattern === '*' || pattern === principal) return true;
  const account = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(pattern)?.[1];
  if (account !== undefined) return principal.split(':')[4] === account;
  const [, of, role] = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(principal) ?? [];
  return of !== undefined && pattern.startsWith(`arn:aws:iam::${of}:role/`) && pattern.endsWith(`/${role}`);
}

/** Values of the condition keys this server can know. Loopback counts as a secure transport. */
function contextOf(key: string, { principal }: PolicyQuestion): string {
  switch (key) {
    case 'aws:securetransport':
      return 'true';
    case 'aws:principalaccount':
      return principal.split(':')[4] ?? '';
    default:
      return principal;
  }
}

const conditionKeys: ReadonlySet<string> = new Set([
  'aws:securetransport',
  'aws:principalarn',
  'aws:principalaccount',
]);

function parseStatement(value: unknown, bucket: string): Statement {
  const statement = asObject(value);
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new S3Error('MalformedPolicy', `Invalid effect: ${effect}`);
  const actions = selection(statement, 'Action');
  if (!actions.patterns.every(pattern => pattern === '*' || /^s3:/i.test(pattern)))
    throw new S3Error('MalformedPolicy', 'Policy has invalid action');
  const resources = selection(statement, 'Resource');
  const arn = `arn:aws:s3:::${bucket}`;
  if (!resources.patterns.every(pattern => glob(pattern.split('/')[0] ?? '', arn)))
    throw new S3Error('MalformedPolicy', 'Policy has invalid resource');
  return {
    effect,
    principals: principalsOf(statement),
    actions,
    resources,
    conditions: conditionsOf(statement),
  };
}

function principalsOf(statement: Readonly<Record<string, unknown>>): Selection {
  const except = statement['NotPrincipal'] !== undefined;
  const value = except ? statement['NotPrincipal'] : statement['Principal'];
  if (value === undefined) throw new S3Error('MalformedPolicy', 'Missing required field Principal');
  // Services and federated users never call this server: their patterns match nobody.
  const named = typeof value === 'string' ? value : asObject(value)['AWS'];
  const patterns = asStrings(named ?? []);
  if (
    !patterns.every(pattern => pattern === '*' || /^(?:arn:aws:(?:iam|sts)::\d{12}:.+|\d{12})$/.test(pattern))
  )
    throw new S3Error('MalformedPolicy', 'Invalid principal in policy');
  return { except, patterns };
}

function selection(statement: Readonly<Record<string, unknown>>, name: 'Action' | 'Resource'): Selection {
  const except = statement[name] === undefined;
  const patterns = asStrings(statement[except ? `Not${name}` : name] ?? []);
  if (patterns.length === 0) throw new S3Error('MalformedPolicy', `Missing required field ${name}`);
  return { except, patterns };
}

function conditionsOf(statement: Readonly<Record<string, unknown>>): readonly Condition[] {
  return Object.entries(asObject(statement['Condition'] ?? {})).flatMap(([operator, keys]) =>
    Object.entries(asObject(keys)).map(([key, values]) => ({
      key: key.toLowerCase(),
      matches: conditionOf(operator, key, asStrings(values)),
    })),
  );
}

function conditionOf(operator: string, key: string, values: readonly string[]): Condition['matches'] {
  const like = (value: string) => values.some(pattern => glob(pattern, value));
  const equal = (value: string) => values.includes(value);
  if (conditionKeys.has(key.toLowerCase()))
    switch (operator) {
      case 'Bool':
      case 'StringEquals':
        return equal;
      case 'StringNotEquals':
        return value => !equal(value);
      case 'ArnEquals':
      case 'ArnLike':
      case 'StringLike':
        return like;
      case 'ArnNotEquals':
      case 'ArnNotLike':
      case 'StringNotLike':
        return value => !like(value);
    }
  throw new S3Error('NotImplemented', `The policy condition ${operator} on ${key} is not implemented.`);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch (cause) {
    throw new S3Error('MalformedPolicy', 'This policy contains invalid Json', { cause });
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new S3Error('MalformedPolicy', 'Policies must be valid JSON objects and the first byte must be {');
  return value as Readonly<Record<string, unknown>>;
}

function asList(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function asStrings(value: unknown): readonly string[] {
  return asList(value).map(item => {
    if (typeof item !== 'string' && typeof item !== 'boolean')
      throw new S3Error('MalformedPolicy', 'Policies may hold strings only');
    return String(item);
  });
}
