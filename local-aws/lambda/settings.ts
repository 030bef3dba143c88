/** Small settings beside a function's configuration: concurrency, tags, asynchronous invocation, the account. */
import { functionArn, parseFunctionName } from './arn.ts';
import { invalid, notFound } from './errors.ts';
import { integer, textRecord } from './fields.ts';
import { checkRange, limits } from './limits.ts';
import { at } from './records.ts';
import { type Call, named, type Operation, type Service } from './service.ts';

export const putConcurrency: Operation = async (service, call) => {
  const record = functionOf(service, call);
  const reserved = checkRange(
    integer(call.fields, 'ReservedConcurrentExecutions') ?? -1,
    'reservedConcurrentExecutions',
    0,
    limits.concurrency,
  );
  await service.store.functions.put({ ...record, reserved });
  return { status: 200, body: { ReservedConcurrentExecutions: reserved } };
};

export const getConcurrency: Operation = (service, call) => {
  const { reserved } = functionOf(service, call);
  return { status: 200, body: reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved } };
};

export const deleteConcurrency: Operation = async (service, call) => {
  const { reserved: _before, ...record } = functionOf(service, call);
  await service.store.functions.put(record);
  return { status: 204 };
};

export const listTags: Operation = (service, { path }) => ({
  status: 200,
  body: { Tags: named(service, parseFunctionName(path['Resource'] ?? '')).tags },
});

export const tagResource: Operation = async (service, { path, fields }) => {
  const record = named(service, parseFunctionName(path['Resource'] ?? ''));
  const tags = { ...record.tags, ...textRecord(fields, 'Tags') };
  if (Object.keys(tags).length > 50) throw invalid('A function can have at most 50 tags.');
  await service.store.functions.put({ ...record, tags });
  return { status: 204 };
};

export const untagResource: Operation = async (service, { path, query }) => {
  const record = named(service, parseFunctionName(path['Resource'] ?? ''));
  const gone = new Set(query.getAll('tagKeys'));
  const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.has(key)));
  await service.store.functions.put({ ...record, tags });
  return { status: 204 };
};

/** PUT replaces, POST changes what it names. */
export const putEventInvokeConfig: Operation = async (service, call) => {
  const record = functionOf(service, call);
  const qualifier = call.query.get('Qualifier') ?? '$LATEST';
  const attempts = integer(call.fields, 'MaximumRetryAttempts');
  if (attempts !== undefined) checkRange(attempts, 'maximumRetryAttempts', 0, 2);
  const config = { ...call.fields, LastModified: Date.now() / 1000 };
  await service.store.functions.put({
    ...record,
    asynchronous: { ...record.asynchronous, [qualifier]: config },
  });
  return {
    status: 200,
    body: { ...config, FunctionArn: functionArn(service.place, record.name, qualifier) },
  };
};

export const getEventInvokeConfig: Operation = (service, call) => {
  const record = functionOf(service, call);
  const qualifier = call.query.get('Qualifier') ?? '$LATEST';
  const config = at(record.asynchronous, qualifier);
  const arn = functionArn(service.place, record.name, qualifier);
  if (!config) throw notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
  return { status: 200, body: { ...config, FunctionArn: arn } };
};

export const deleteEventInvokeConfig: Operation = async (service, call) => {
  const record = functionOf(service, call);
  const { [call.query.get('Qualifier') ?? '$LATEST']: _gone, ...asynchronous } = record.asynchronous;
  await service.store.functions.put({ ...record, asynchronous });
  return { status: 204 };
};

export const getAccountSettings: Operation = service => {
  const functions = service.store.functions.all();
  const blobs = new Map<string, number>();
  for (const { latest, versions } of functions)
    for (const { code } of [latest, ...versions]) blobs.set(code.sha256, code.size);
  for (const { versions } of service.store.layers.all())
    for (const { code } of versions) blobs.set(code.sha256, code.size);
  const reserved = functions.reduce((sum, record) => sum + (record.reserved ?? 0), 0);
  return {
    status: 200,
    body: {
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: limits.unzipped,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: limits.concurrency,
        UnreservedConcurrentExecutions: limits.concurrency - reserved,
      },
      AccountUsage: {
        TotalCodeSize: [...blobs.values()].reduce((sum, size) => sum + size, 0),
        FunctionCount: functions.length,
      },
    },
  };
};

/** What a function has none of here, in the form that says so. */
export const getCodeSigning: Operation = (service, call) => ({
  status: 200,
  body: { FunctionName: functionOf(service, call).name, CodeSigningConfigArn: '' },
});

export const getRuntimeManagement: Operation = (service, call) => ({
  status: 200,
  body: { UpdateRuntimeOn: 'Auto', FunctionArn: functionArn(service.place, functionOf(service, call).name) },
});

export const getRecursion: Operation = (service, call) => {
  functionOf(service, call);
  return { status: 200, body: { RecursiveLoop: 'Terminate' } };
};

export const listEventSourceMappings: Operation = () => ({ status: 200, body: { EventSourceMappings: [] } });

function functionOf(service: Service, { path, query }: Call): ReturnType<typeof named> {
  return named(service, parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier')));
}
