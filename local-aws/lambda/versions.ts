/** Published versions and aliases. */
import { functionArn, parseFunctionName } from './arn.ts';
import { formOf, listedFormOf } from './configuration.ts';
import { conflict, constraint, invalid, notFound, stale, violation } from './errors.ts';
import { type Fields, record as recordField, text } from './fields.ts';
import { type Alias, at, type FunctionRecord, type FunctionVersion } from './records.ts';
import { findAlias, named, newRevision, type Operation, page, type Service } from './service.ts';

/**
 * Publishes `$LATEST` as the next version, or answers the newest one when nothing changed since. A new version renews
 * the revision of `$LATEST` too.
 * Throws `PreconditionFailedException` for another `RevisionId`, `InvalidParameterValueException` for another `CodeSha256`.
 */
export async function publish(service: Service, name: string, fields: Fields): Promise<FunctionVersion> {
  const record = named(service, { name, qualifier: undefined });
  const revision = text(fields, 'RevisionId');
  if (revision !== undefined && revision !== record.latest.revisionId) throw stale();
  const expected = text(fields, 'CodeSha256');
  const found = Buffer.from(record.latest.code.sha256, 'hex').toString('base64');
  if (expected !== undefined && expected !== found) {
    throw invalid(
      `CodeSHA256 (${expected}) is different from current CodeSHA256 in $LATEST (${found}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  const newest = record.versions.at(-1);
  const description = text(fields, 'Description') ?? record.latest.description;
  if (newest && same(newest, { ...record.latest, description })) return newest;
  const version: FunctionVersion = {
    ...record.latest,
    version: String(record.lastVersion + 1),
    description,
    revisionId: newRevision(),
  };
  const after = {
    ...record,
    // As on AWS: who goes on with the revision that was published meets PreconditionFailedException.
    latest: { ...record.latest, revisionId: newRevision() },
    versions: [...record.versions, version],
    lastVersion: record.lastVersion + 1,
  };
  await service.store.functions.put(after);
  await service.running.retire(after);
  return version;
}

export const publishVersion: Operation = async (service, { path, fields }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  const { name } = record;
  service.lifecycles.requireSettled(name);
  const version = await publish(service, name, fields);
  return { status: 201, body: formOf(service, record, version, version.version) };
};

export const listVersionsByFunction: Operation = (service, { path, query }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  const { items, next } = page([record.latest, ...record.versions], query, 50);
  const versions = items.map(version => listedFormOf(service, record, version, version.version));
  return { status: 200, body: { Versions: versions, ...next } };
};

export const createAlias: Operation = async (service, { path, fields }) => {
  const asked = parseFunctionName(path['FunctionName'] ?? '');
  const record = named(service, { ...asked, qualifier: text(fields, 'FunctionVersion') });
  const { name } = record;
  const alias = text(fields, 'Name') ?? '';
  if (!/^(?!\d+$)[\w-]{1,128}$/.test(alias)) {
    throw constraint(alias, 'name', 'satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)');
  }
  if (record.aliases.some(one => one.name === alias)) {
    throw conflict(`Alias already exists: ${functionArn(service.place, name, alias)}`);
  }
  const made = readAlias(
    service,
    record,
    { name: alias, version: '', description: '', weights: {}, revisionId: '' },
    fields,
  );
  await service.store.functions.put({ ...record, aliases: [...record.aliases, made] });
  return { status: 201, body: aliasForm(service, record, made) };
};

export const updateAlias: Operation = async (service, { path, fields }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  const before = record.aliases.find(one => one.name === path['Name']);
  if (!before) throw notFound(`Alias not found: ${functionArn(service.place, record.name, path['Name'])}`);
  const revision = text(fields, 'RevisionId');
  if (revision !== undefined && revision !== before.revisionId) throw stale();
  const after = readAlias(service, record, before, fields);
  await service.store.functions.put({
    ...record,
    aliases: record.aliases.map(one => (one.name === after.name ? after : one)),
  });
  return { status: 200, body: aliasForm(service, record, after) };
};

export const getAlias: Operation = (service, { path }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  return { status: 200, body: aliasForm(service, record, findAlias(service, record, path['Name'] ?? '')) };
};

export const listAliases: Operation = (service, { path, query }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  const version = query.get('FunctionVersion');
  const wanted = record.aliases.filter(one => version === null || one.version === version);
  const { items, next } = page(wanted, query, 50);
  return { status: 200, body: { Aliases: items.map(alias => aliasForm(service, record, alias)), ...next } };
};

export const deleteAlias: Operation = async (service, { path }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''));
  const alias = path['Name'] ?? '';
  if (at(record.urls, alias)) throw conflict(`The alias has a function URL; delete it first: ${alias}`);
  const { [alias]: _policy, ...policies } = record.policies;
  await service.store.functions.put({
    ...record,
    aliases: record.aliases.filter(one => one.name !== alias),
    policies,
  });
  return { status: 204 };
};

function readAlias(service: Service, record: FunctionRecord, before: Alias, fields: Fields): Alias {
  const version = text(fields, 'FunctionVersion') ?? before.version;
  const known = (wanted: string): boolean =>
    wanted === '$LATEST' || record.versions.some(one => one.version === wanted);
  if (!known(version))
    throw notFound(`Function not found: ${functionArn(service.place, record.name, version)}`);
  const routing = recordField(fields, 'RoutingConfig');
  const weights = routing ? readWeights(routing) : before.weights;
  for (const other of Object.keys(weights)) {
    if (version === '$LATEST' || other === '$LATEST')
      throw invalid('$LATEST is not supported for an alias pointing to more than 1 version');
    if (other === version)
      throw invalid(
        `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
      );
    if (!known(other))
      throw notFound(`Function not found: ${functionArn(service.place, record.name, other)}`);
  }
  return {
    name: before.name,
    version,
    description: text(fields, 'Description') ?? before.description,
    weights,
    revisionId: newRevision(),
  };
}

function readWeights(routing: Fields): Readonly<Record<string, number>> {
  const weights = recordField(routing, 'AdditionalVersionWeights') ?? {};
  const entries = Object.entries(weights);
  if (entries.length > 1)
    throw invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
  for (const [version, weight] of entries) {
    const at = 'routingConfig.additionalVersionWeights';
    const shown = `{${version}=${Number.isInteger(weight) ? Number(weight).toFixed(1) : weight}}`;
    const rule = (which: string, rules: string) =>
      violation(shown, at, `Map ${which} must satisfy constraint: [${rules}]`);
    if (typeof weight !== 'number' || weight < 0 || weight > 1) {
      const range =
        'Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0';
      throw rule('value', `${range}, Member must not be null`);
    }
    if (!/^\d{1,1024}$/.test(version)) {
      const length =
        'Member must have length less than or equal to 1024, Member must have length greater than or equal to 1';
      throw rule('keys', `${length}, Member must satisfy regular expression pattern: [0-9]+`);
    }
  }
  return weights as Readonly<Record<string, number>>;
}

function aliasForm(service: Service, record: FunctionRecord, alias: Alias): Record<string, unknown> {
  return {
    AliasArn: functionArn(service.place, record.name, alias.name),
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(Object.keys(alias.weights).length > 0
      ? { RoutingConfig: { AdditionalVersionWeights: alias.weights } }
      : {}),
    RevisionId: alias.revisionId,
  };
}

/** Whether two versions differ in nothing that a caller set. */
function same(a: FunctionVersion, b: FunctionVersion): boolean {
  const content = (version: FunctionVersion): string =>
    JSON.stringify({ ...version, version: '', revisionId: '', lastModified: '' });
  return content(a) === content(b);
}
