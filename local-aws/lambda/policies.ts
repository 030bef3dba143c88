/** Resource policies of functions and layers: who may call what. Kept, answered, and asked by function URLs. */
import { functionArn, layerArn, parseFunctionName, parseLayerName } from './arn.ts';
import { conflict, constraint, invalid, notFound, stale } from './errors.ts';
import { type Fields, flag, text } from './fields.ts';
import { findVersion, versionNumber } from './layers.ts';
import { at, type FunctionRecord, type LayerVersion, type Policy } from './records.ts';
import {
  type Call,
  findAlias,
  named,
  newRevision,
  type Operation,
  resolveVersion,
  type Service,
} from './service.ts';

const noPolicy = 'No policy is associated with the given resource.';

export const addPermission: Operation = async (service, call) => {
  const { record, qualifier, arn, named } = functionTarget(service, call);
  if (named === '$LATEST') throw invalid('We currently do not support adding policies for $LATEST.');
  const statement = readStatement(call.fields, arn);
  const policy = extended(at(record.policies, qualifier), statement, text(call.fields, 'RevisionId'));
  await service.store.functions.put({ ...record, policies: { ...record.policies, [qualifier]: policy } });
  return { status: 201, body: { Statement: JSON.stringify(statement) } };
};

export const getPolicy: Operation = (service, call) => {
  const missing = 'The resource you requested does not exist.';
  const { record, qualifier } = functionTarget(service, call, () => missing, missing);
  return { status: 200, body: policyForm(at(record.policies, qualifier), missing) };
};

export const removePermission: Operation = async (service, call) => {
  const { record, qualifier } = functionTarget(service, call, arn => `No policy found for: ${arn}`);
  const policy = reduced(at(record.policies, qualifier), call);
  const { [qualifier]: _before, ...others } = record.policies;
  await service.store.functions.put({
    ...record,
    policies: policy.statements.length > 0 ? { ...others, [qualifier]: policy } : others,
  });
  return { status: 204 };
};

export const addLayerVersionPermission: Operation = async (service, call) => {
  const { name, version } = layerTarget(service, call);
  const { fields } = call;
  const action = text(fields, 'Action') ?? '';
  if (action !== 'lambda:GetLayerVersion')
    throw constraint(action, 'action', 'satisfy regular expression pattern: lambda:GetLayerVersion');
  const organization = text(fields, 'OrganizationId');
  const statement = {
    Sid: checkId(text(fields, 'StatementId') ?? ''),
    Effect: 'Allow',
    Principal:
      text(fields, 'Principal') === '*' ? '*' : { AWS: `arn:aws:iam::${text(fields, 'Principal')}:root` },
    Action: action,
    Resource: layerArn(service.place, name, version.version),
    ...(organization ? { Condition: { StringEquals: { 'aws:PrincipalOrgID': organization } } } : {}),
  };
  const policy = extended(
    version.policy,
    statement,
    call.query.get('RevisionId') ?? undefined,
    'GetLayerPolicy',
  );
  await putLayerVersion(service, name, { ...version, policy });
  return { status: 201, body: { Statement: JSON.stringify(statement), RevisionId: policy.revisionId } };
};

export const getLayerVersionPolicy: Operation = (service, call) => ({
  status: 200,
  body: policyForm(layerTarget(service, call).version.policy, noPolicy),
});

export const removeLayerVersionPermission: Operation = async (service, call) => {
  const { name, version } = layerTarget(service, call);
  const policy = reduced(version.policy, call, 'GetLayerPolicy');
  const { policy: _before, ...bare } = version;
  await putLayerVersion(service, name, policy.statements.length > 0 ? { ...bare, policy } : bare);
  return { status: 204 };
};

/**
 * Whether anyone may call the function through its URL. Since October 2025 that takes two statements: the URL,
 * and the function through it. Answers what is missing, or undefined. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export function missingForPublicUrl(record: FunctionRecord, qualifier: string): string | undefined {
  const statements = at(record.policies, qualifier)?.statements ?? [];
  const allows = (action: string): boolean =>
    statements.some(one => one['Principal'] === '*' && one['Effect'] === 'Allow' && one['Action'] === action);
  if (!allows('lambda:InvokeFunctionUrl')) return 'lambda:InvokeFunctionUrl';
  return allows('lambda:InvokeFunction') ? undefined : 'lambda:InvokeFunction with InvokedViaFunctionUrl';
}

function functionTarget(
  service: Service,
  { path, query }: Call,
  /** What is said when there is no such function. */
  missing = (arn: string): string => `Function not found: ${arn}`,
  /** … and when it has no such version. */
  missingVersion?: string,
): { record: FunctionRecord; qualifier: string; named: string | undefined; arn: string } {
  const name = parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier'));
  const record = named(service, name, missing(functionArn(service.place, name.name, name.qualifier)));
  if (name.qualifier !== undefined && !record.aliases.some(one => one.name === name.qualifier)) {
    if (/^(\d+|\$LATEST)$/.test(name.qualifier))
      resolveVersion(service, record, name.qualifier, missingVersion);
    else findAlias(service, record, name.qualifier);
  }
  return {
    record,
    qualifier: name.qualifier ?? '$LATEST',
    named: name.qualifier,
    arn: functionArn(service.place, name.name, name.qualifier),
  };
}

function layerTarget(service: Service, { path }: Call): { name: string; version: LayerVersion } {
  const name = parseLayerName(path['LayerName'] ?? '');
  const number = versionNumber(path);
  const missing = `Layer version ${layerArn(service.place, name, number)} does not exist.`;
  return { name, version: findVersion(service, name, number, missing) };
}

async function putLayerVersion(service: Service, name: string, version: LayerVersion): Promise<void> {
  const layer = service.store.layers.get(name);
  if (!layer) return;
  const versions = layer.versions.map(one => (one.version === version.version ? version : one));
  await service.store.layers.put({ ...layer, versions });
}

function readStatement(fields: Fields, resource: string): Fields {
  const action = text(fields, 'Action') ?? '';
  if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(action)) {
    throw constraint(
      action,
      'action',
      'satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])',
    );
  }
  const principal = text(fields, 'Principal') ?? '';
  const service = /\.amazon(aws)?\.com(\.cn)?$/.test(principal);
  if (!service && !/^(\*|\d{12}|arn:aws[\w-]*:(iam|sts)::.+)$/.test(principal))
    throw invalid('The provided principal was invalid. Please check the principal and try again.');
  const conditions: Record<string, Record<string, string>> = {};
  const condition = (operator: string, key: string, value: string | undefined): void => {
    if (value !== undefined) conditions[operator] = { ...conditions[operator], [key]: value };
  };
  condition('StringEquals', 'lambda:FunctionUrlAuthType', text(fields, 'FunctionUrlAuthType'));
  condition('StringEquals', 'aws:PrincipalOrgID', text(fields, 'PrincipalOrgID'));
  condition('StringEquals', 'AWS:SourceAccount', text(fields, 'SourceAccount'));
  condition('StringEquals', 'lambda:EventSourceToken', text(fields, 'EventSourceToken'));
  condition('ArnLike', 'AWS:SourceArn', text(fields, 'SourceArn'));
  if (flag(fields, 'InvokedViaFunctionUrl')) condition('Bool', 'lambda:InvokedViaFunctionUrl', 'true');
  return {
    Sid: checkId(text(fields, 'StatementId') ?? ''),
    Effect: 'Allow',
    Principal:
      principal === '*'
        ? '*'
        : service
          ? { Service: principal }
          : { AWS: principal.startsWith('arn:') ? principal : `arn:aws:iam::${principal}:root` },
    Action: action,
    Resource: resource,
    ...(Object.keys(conditions).length > 0 ? { Condition: conditions } : {}),
  };
}

function checkId(id: string): string {
  if (/^[\w-]{1,100}$/.test(id)) return id;
  throw constraint(id, 'statementId', 'satisfy regular expression pattern: ([a-zA-Z0-9-_]+)');
}

function extended(
  policy: Policy | undefined,
  statement: Fields,
  revision: string | undefined,
  apis?: string,
): Policy {
  if (revision !== undefined && revision !== policy?.revisionId) throw stale(apis);
  if (policy?.statements.some(one => one['Sid'] === statement['Sid'])) {
    throw conflict(
      `The statement id (${statement['Sid']}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  return { statements: [...(policy?.statements ?? []), statement], revisionId: newRevision() };
}

function reduced(policy: Policy | undefined, { path, query }: Call, apis?: string): Policy {
  if (!policy) throw notFound(noPolicy);
  const revision = query.get('RevisionId');
  if (revision !== null && revision !== policy.revisionId) throw stale(apis);
  const id = path['StatementId'] ?? '';
  if (!policy.statements.some(one => one['Sid'] === id))
    throw notFound(`Statement ${id} is not found in resource policy.`);
  return { statements: policy.statements.filter(one => one['Sid'] !== id), revisionId: newRevision() };
}

function policyForm(policy: Policy | undefined, missing: string): unknown {
  if (!policy) throw notFound(missing);
  const document = { Version: '2012-10-17', Id: 'default', Statement: policy.statements };
  return { Policy: JSON.stringify(document), RevisionId: policy.revisionId };
}
