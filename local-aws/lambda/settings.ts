/** Small settings beside a function's configuration: concurrency, tags, the account. */
import { functionArn, parseFunctionName } from './arn.ts';
import { constraint, invalid } from './errors.ts';
import { integer, textRecord } from './fields.ts';
import { checkRange, limits } from './limits.ts';
import { type Call, named, type Operation, type Service } from './service.ts';

export const putConcurrency: Operation = async (service, call) => {
  const name = parseFunctionName(call.path['FunctionName'] ?? '', call.query.get('Qualifier'));
  if (name.qualifier !== undefined) {
    throw invalid(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    );
  }
  const record = named(service, name);
  const reserved = integer(call.fields, 'ReservedConcurrentExecutions');
  if (reserved === undefined) throw constraint(null, 'reservedConcurrentExecutions', 'not be null');
  checkRange(reserved, 'reservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
  const others = service.store.functions.all().filter(one => one.name !== record.name);
  if (reserved + sum(others.map(one => one.reserved ?? 0)) > limits.concurrency) {
    throw invalid(
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [0].",
    );
  }
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

export const listTags: Operation = (service, call) => ({
  status: 200,
  body: { Tags: tagged(service, call).tags },
});

export const tagResource: Operation = async (service, call) => {
  const record = tagged(service, call);
  const given = textRecord(call.fields, 'Tags') ?? {};
  if (Object.keys(given).length === 0)
    throw invalid('An error occurred and the request cannot be processed.');
  const tags = { ...record.tags, ...given };
  if (Object.keys(tags).length > 50) throw invalid('Number of tags exceeds resource tag limit.');
  await service.store.functions.put({ ...record, tags });
  return { status: 204 };
};

export const untagResource: Operation = async (service, call) => {
  const record = tagged(service, call);
  const gone = new Set(call.query.getAll('tagKeys'));
  if (gone.size === 0) throw constraint(null, 'tagKeys', 'not be null');
  const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.has(key)));
  await service.store.functions.put({ ...record, tags });
  return { status: 204 };
};

export const getAccountSettings: Operation = service => {
  const functions = service.store.functions.all();
  const blobs = new Map<string, number>();
  for (const { latest, versions } of functions)
    for (const { code } of [latest, ...versions]) blobs.set(code.sha256, code.size);
  for (const { versions } of service.store.layers.all())
    for (const { code } of versions) blobs.set(code.sha256, code.size);
  const reserved = sum(functions.map(record => record.reserved ?? 0));
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
        TotalCodeSize: sum([...blobs.values()]),
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

/** The function whose tags are meant; layers have none here. */
function tagged(service: Service, { path }: Call): ReturnType<typeof named> {
  const arn = path['Resource'] ?? '';
  if (!/^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(arn)) {
    const pattern =
      'arn:(aws[a-zA-Z-]*):lambda:…:\\d{12}:function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?';
    throw constraint(arn, 'resource', `satisfy regular expression pattern: ${pattern}`);
  }
  const name = parseFunctionName(arn);
  if (name.qualifier !== undefined)
    throw invalid('Tags on function aliases and versions are not supported. Please specify a function ARN.');
  return named(service, name);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function functionOf(service: Service, { path, query }: Call): ReturnType<typeof named> {
  return named(service, parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier')));
}
