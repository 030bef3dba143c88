/** Functions: create, read, update, delete. */
import type { FunctionName } from './arn.ts';
import { parseFunctionName } from './arn.ts';
import { takeCode } from './code.ts';
import { changed, checkSizes, formOf, listedFormOf, readArchitecture } from './configuration.ts';
import { conflict, constraint, invalid, stale } from './errors.ts';
import { type Fields, flag, record as recordField, text, textRecord } from './fields.ts';
import type { FunctionRecord, FunctionVersion } from './records.ts';
import {
  type Call,
  named,
  newRevision,
  type Operation,
  page,
  resolveVersion,
  type Service,
  timestamp,
} from './service.ts';
import { publish } from './versions.ts';

export const createFunction: Operation = async (service, { fields }) => {
  const { name } = parseFunctionName(text(fields, 'FunctionName') ?? '');
  for (const required of ['Role', 'Code']) {
    if (fields[required] == null) throw constraint(null, required.toLowerCase(), 'not be null');
  }
  if (text(fields, 'Handler') === undefined || text(fields, 'Runtime') === undefined) {
    throw invalid(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  const refuseSecond = (): void => {
    if (service.store.functions.get(name)) throw conflict(`Function already exist: ${name}`);
  };
  refuseSecond();
  const code = await takeCode(service, recordField(fields, 'Code') ?? {});
  const latest = changed(
    service,
    { ...blank(), code, architecture: readArchitecture(fields, 'x86_64') },
    fields,
  );
  const tags = textRecord(fields, 'Tags') ?? {};
  // Between the first look and here the code was read; nothing can come between this look and `put`.
  refuseSecond();
  const record: FunctionRecord = {
    ...{
      name,
      latest,
      versions: [],
      lastVersion: 0,
      aliases: [],
      urls: {},
      policies: {},
      tags,
      asynchronous: {},
    },
  };
  const done = service.store.functions.put(record);
  service.lifecycles.begin(name, undefined, service.running.prepare(latest));
  await done;
  if (!flag(fields, 'Publish')) return { status: 201, body: formOf(service, record, latest) };
  const version = await publish(service, name, {});
  return {
    status: 201,
    body: { ...formOf(service, record, version, version.version), ...service.lifecycles.state(name) },
  };
};

export const getFunction: Operation = (service, call) => {
  const { record, version, qualifier } = target(service, call);
  return {
    status: 200,
    body: {
      Configuration: formOf(service, record, version, qualifier),
      Code: { RepositoryType: 'S3', Location: service.linkTo(version.code.sha256) },
      ...(Object.keys(record.tags).length > 0 ? { Tags: record.tags } : {}),
      ...(record.reserved === undefined
        ? {}
        : { Concurrency: { ReservedConcurrentExecutions: record.reserved } }),
    },
  };
};

export const getFunctionConfiguration: Operation = (service, call) => {
  const { record, version, qualifier } = target(service, call);
  return { status: 200, body: formOf(service, record, version, qualifier) };
};

export const listFunctions: Operation = (service, { query }) => {
  const which = query.get('FunctionVersion');
  if (which !== null && which !== 'ALL')
    throw constraint(which, 'functionVersion', 'satisfy enum value set: [ALL]');
  const all = service.store.functions
    .all()
    .flatMap(record =>
      which === 'ALL'
        ? [record.latest, ...record.versions].map(version =>
            listedFormOf(service, record, version, version.version),
          )
        : [listedFormOf(service, record, record.latest)],
    );
  const { items, next } = page(all, query, 50);
  return { status: 200, body: { Functions: items, ...next } };
};

export const updateFunctionCode: Operation = async (service, call) => {
  const name = parseFunctionName(call.path['FunctionName'] ?? '');
  const { fields } = call;
  requireChangeable(service, name, fields);
  const code = await takeCode(service, fields);
  const record = requireChangeable(service, name, fields);
  const architecture = readArchitecture(fields, record.latest.architecture);
  const latest = {
    ...record.latest,
    ...{ code, architecture, lastModified: timestamp(), revisionId: newRevision() },
  };
  checkSizes(latest);
  if (flag(fields, 'DryRun')) return { status: 200, body: formOf(service, record, latest) };
  const after = await replaceLatest(service, record, latest);
  if (!flag(fields, 'Publish')) return { status: 200, body: formOf(service, after, latest) };
  const version = await publish(service, name.name, {});
  return {
    status: 200,
    body: { ...formOf(service, after, version, version.version), ...service.lifecycles.state(record.name) },
  };
};

export const updateFunctionConfiguration: Operation = async (service, { path, fields }) => {
  const record = requireChangeable(service, parseFunctionName(path['FunctionName'] ?? ''), fields);
  const latest = changed(service, record.latest, fields);
  const after = await replaceLatest(service, record, latest);
  return { status: 200, body: formOf(service, after, latest) };
};

export const deleteFunction: Operation = async (service, { path, query }) => {
  const { qualifier, ...found } = parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier'));
  const { name } = found;
  const record = named(service, { ...found, qualifier: undefined });
  if (qualifier === '$LATEST')
    throw invalid('$LATEST version cannot be deleted without deleting the function.');
  if (qualifier !== undefined) {
    const alias = record.aliases.find(
      one => one.version === qualifier || Object.hasOwn(one.weights, qualifier),
    );
    if (alias) {
      throw conflict(`Unable to delete version because the following aliases reference it: [${alias.name}]`);
    }
    const after = { ...record, versions: record.versions.filter(one => one.version !== qualifier) };
    await service.store.functions.put(after);
    await service.running.retire(after);
  } else {
    for (const url of Object.values(record.urls)) await service.urls.close(url.port);
    await service.store.functions.remove(name);
    service.lifecycles.forget(name);
    await service.running.retire({ ...record, versions: [] }, true);
  }
  await service.store.collect();
  return { status: 204 };
};

function target(
  service: Service,
  { path, query }: Call,
): { record: FunctionRecord; version: FunctionVersion; qualifier: string | undefined } {
  const name = parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier'));
  const record = named(service, name);
  return { record, version: resolveVersion(service, record, name.qualifier), qualifier: name.qualifier };
}

/** The function, if it may be changed now. Throws `ResourceConflictException`, `PreconditionFailedException`. */
function requireChangeable(service: Service, name: FunctionName, fields: Fields): FunctionRecord {
  const record = named(service, name);
  service.lifecycles.requireSettled(record.name);
  const revision = text(fields, 'RevisionId');
  if (revision !== undefined && revision !== record.latest.revisionId) throw stale();
  return record;
}

async function replaceLatest(
  service: Service,
  record: FunctionRecord,
  latest: FunctionVersion,
): Promise<FunctionRecord> {
  const after = { ...record, latest };
  const done = service.store.functions.put(after);
  service.lifecycles.begin(record.name, record.latest, service.running.prepare(latest), async () => {
    await service.running.retire(after);
    await service.store.collect();
  });
  await done;
  return after;
}

function blank(): FunctionVersion {
  return {
    version: '$LATEST',
    code: { sha256: '', size: 0, unzipped: 0 },
    layers: [],
    description: '',
    role: '',
    handler: '',
    runtime: '',
    memory: 128,
    timeout: 3,
    storage: 512,
    architecture: 'x86_64',
    environment: {},
    other: {},
    lastModified: '',
    revisionId: '',
  };
}
