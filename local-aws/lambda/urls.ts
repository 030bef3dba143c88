/** Function URL configurations. */
import { randomBytes } from 'node:crypto';
import { functionArn, parseFunctionName } from './arn.ts';
import { conflict, constraint, invalid, notFound } from './errors.ts';
import { type Fields, record as recordField, text } from './fields.ts';
import { at, type FunctionRecord, type UrlConfig } from './records.ts';
import { type Call, named, type Operation, page, type Service } from './service.ts';

const noFunction = 'Function does not exist';
const noUrl = 'The resource you requested does not exist.';

export const createUrlConfig: Operation = async (service, call) => {
  const { name, qualifier } = target(service, call, noFunction);
  const arn = functionArn(service.place, name, qualifier === '$LATEST' ? undefined : qualifier);
  const refuseSecond = (): void => {
    if (at(named(service, { name, qualifier: undefined }).urls, qualifier)) {
      throw conflict(
        `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
      );
    }
  };
  refuseSecond();
  const now = new Date().toISOString();
  const { auth, mode, cors } = readConfig(call.fields, undefined);
  const port = await service.urls.open({ name, qualifier });
  try {
    refuseSecond();
  } catch (error) {
    await service.urls.close(port);
    throw error;
  }
  const id = randomBytes(16).toString('hex');
  const config: UrlConfig = { id, port, auth, mode, ...(cors ? { cors } : {}), created: now, modified: now };
  const after = await put(service, named(service, { name, qualifier: undefined }), qualifier, config);
  return { status: 201, body: urlForm(service, after, qualifier, config) };
};

export const getUrlConfig: Operation = (service, call) => {
  const { record, qualifier } = target(service, call);
  return { status: 200, body: urlForm(service, record, qualifier, find(record, qualifier)) };
};

export const updateUrlConfig: Operation = async (service, call) => {
  const { record, qualifier } = target(service, call, noFunction);
  const before = find(record, qualifier);
  const { auth, mode, cors } = readConfig(call.fields, before);
  const config: UrlConfig = {
    ...before,
    auth,
    mode,
    ...(cors ? { cors } : {}),
    modified: new Date().toISOString(),
  };
  const after = await put(service, record, qualifier, config);
  return { status: 200, body: urlForm(service, after, qualifier, config) };
};

export const deleteUrlConfig: Operation = async (service, call) => {
  const { record, qualifier } = target(service, call);
  const { port } = find(record, qualifier);
  const { [qualifier]: _gone, ...urls } = record.urls;
  const done = service.store.functions.put({ ...record, urls });
  await service.urls.close(port);
  await done;
  return { status: 204 };
};

export const listUrlConfigs: Operation = (service, { path, query }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''), noFunction);
  const all = Object.entries(record.urls).map(([qualifier, config]) =>
    urlForm(service, record, qualifier, config),
  );
  const { items, next } = page(all, query, 50);
  return { status: 200, body: { FunctionUrlConfigs: items, ...next } };
};

/** The function with its own URL, under `$LATEST`, or one of its aliases; `missing` is said when there is none. */
function target(
  service: Service,
  { path, query }: Call,
  missing = noUrl,
): { name: string; record: FunctionRecord; qualifier: string } {
  const found = parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier'));
  const { name, qualifier } = found;
  if (qualifier !== undefined && /^(\d+|\$LATEST)$/.test(qualifier)) {
    const pattern = '((?!^\\d+$)^[0-9a-zA-Z-_]+$)';
    throw constraint(qualifier, 'qualifier', `satisfy regular expression pattern: ${pattern}`);
  }
  const record = named(service, found, missing);
  if (qualifier !== undefined && !record.aliases.some(one => one.name === qualifier)) throw notFound(missing);
  return { name, record, qualifier: qualifier ?? '$LATEST' };
}

function readConfig(
  fields: Fields,
  before: UrlConfig | undefined,
): Pick<UrlConfig, 'auth' | 'mode' | 'cors'> {
  const auth = text(fields, 'AuthType') ?? before?.auth;
  const mode = text(fields, 'InvokeMode') ?? before?.mode ?? 'BUFFERED';
  const cors = recordField(fields, 'Cors') ?? before?.cors;
  if (auth !== 'NONE' && auth !== 'AWS_IAM')
    throw constraint(auth, 'authType', 'satisfy enum value set: [NONE, AWS_IAM]');
  if (mode !== 'BUFFERED' && mode !== 'RESPONSE_STREAM') {
    throw constraint(mode, 'invokeMode', 'satisfy enum value set: [RESPONSE_STREAM, BUFFERED]');
  }
  if (
    cors?.['AllowCredentials'] === true &&
    (cors['AllowOrigins'] as readonly unknown[] | undefined)?.includes('*')
  ) {
    throw invalid('AllowCredentials cannot be true when AllowOrigins is *');
  }
  return { auth, mode, ...(cors ? { cors } : {}) };
}

function find(record: FunctionRecord, qualifier: string): UrlConfig {
  const config = at(record.urls, qualifier);
  if (!config) throw notFound(noUrl);
  return config;
}

async function put(
  service: Service,
  record: FunctionRecord,
  qualifier: string,
  config: UrlConfig,
): Promise<FunctionRecord> {
  const after = { ...record, urls: { ...record.urls, [qualifier]: config } };
  await service.store.functions.put(after);
  return after;
}

function urlForm(
  service: Service,
  record: FunctionRecord,
  qualifier: string,
  config: UrlConfig,
): Record<string, unknown> {
  return {
    FunctionUrl: service.urls.address(config.port),
    FunctionArn: functionArn(service.place, record.name, qualifier === '$LATEST' ? undefined : qualifier),
    AuthType: config.auth,
    InvokeMode: config.mode,
    ...(config.cors ? { Cors: config.cors } : {}),
    CreationTime: config.created,
    LastModifiedTime: config.modified,
  };
}
