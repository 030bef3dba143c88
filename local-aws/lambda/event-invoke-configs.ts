/** How asynchronous events of a function are treated: attempts, age and destinations, by qualifier. */
import { type FunctionName, functionArn, parseFunctionName } from './arn.ts';
import { constraint, invalid, notFound } from './errors.ts';
import { type Fields, integer, record as recordField, text } from './fields.ts';
import { checkRange } from './limits.ts';
import { at, type FunctionRecord } from './records.ts';
import { type Answer, type Call, named, type Operation, page, type Service } from './service.ts';

const noFunction = "The function doesn't exist.";

/** Replaces what was there. */
export const putEventInvokeConfig: Operation = (service, call) => {
  const { record, qualifier } = target(service, call);
  return keep(service, record, qualifier, read(service, record, call.fields));
};

/** Changes what is named, and leaves the rest. */
export const updateEventInvokeConfig: Operation = (service, call) => {
  const { record, qualifier } = target(service, call);
  const before = at(record.asynchronous, qualifier);
  if (!before) throw notFound(lacking(service, { name: record.name, qualifier }));
  return keep(service, record, qualifier, { ...before, ...read(service, record, call.fields) });
};

export const getEventInvokeConfig: Operation = (service, call) => {
  const { record, qualifier } = existing(service, call);
  return { status: 200, body: formOf(service, record, qualifier) };
};

export const deleteEventInvokeConfig: Operation = async (service, call) => {
  const { record, qualifier } = existing(service, call);
  const { [qualifier]: _gone, ...asynchronous } = record.asynchronous;
  await service.store.functions.put({ ...record, asynchronous });
  return { status: 204 };
};

export const listEventInvokeConfigs: Operation = (service, { path, query }) => {
  const record = named(service, parseFunctionName(path['FunctionName'] ?? ''), noFunction);
  const { items, next } = page(Object.keys(record.asynchronous), query, 50);
  const configs = items.map(qualifier => formOf(service, record, qualifier));
  return { status: 200, body: { FunctionEventInvokeConfigs: configs, ...next } };
};

interface Target {
  readonly record: FunctionRecord;
  readonly qualifier: string;
}

function nameIn({ path, query }: Call): FunctionName & { readonly qualifier: string } {
  const name = parseFunctionName(path['FunctionName'] ?? '', query.get('Qualifier'));
  return { ...name, qualifier: name.qualifier ?? '$LATEST' };
}

function target(service: Service, call: Call): Target {
  const name = nameIn(call);
  const record = named(service, name, noFunction);
  const known = [...record.versions.map(one => one.version), ...record.aliases.map(one => one.name)];
  if (name.qualifier !== '$LATEST' && !known.includes(name.qualifier)) throw notFound(noFunction);
  return { record, qualifier: name.qualifier };
}

function existing(service: Service, call: Call): Target {
  const name = nameIn(call);
  const record = named(service, name, lacking(service, name));
  if (!at(record.asynchronous, name.qualifier)) throw notFound(lacking(service, name));
  return { record, qualifier: name.qualifier };
}

function lacking(service: Service, { name, qualifier }: FunctionName): string {
  return `The function ${functionArn(service.place, name, qualifier)} doesn't have an EventInvokeConfig`;
}

function read(service: Service, { name }: FunctionRecord, fields: Fields): Fields {
  const attempts = integer(fields, 'MaximumRetryAttempts');
  const age = integer(fields, 'MaximumEventAgeInSeconds');
  const destinations = recordField(fields, 'DestinationConfig');
  if (attempts === undefined && age === undefined && destinations === undefined)
    throw invalid('You must specify at least one of error handling or destination setting.');
  if (attempts !== undefined) checkRange(attempts, 'maximumRetryAttempts', 0, 2);
  if (age !== undefined) checkRange(age, 'maximumEventAgeInSeconds', 60, 21_600);
  for (const when of ['OnSuccess', 'OnFailure']) {
    const arn = text((destinations && recordField(destinations, when)) ?? {}, 'Destination') ?? '';
    checkDestination(service, name, arn, `destinationConfig.o${when.slice(1)}.destination`);
  }
  return {
    ...(attempts === undefined ? {} : { MaximumRetryAttempts: attempts }),
    ...(age === undefined ? {} : { MaximumEventAgeInSeconds: age }),
    ...(destinations === undefined ? {} : { DestinationConfig: destinations }),
  };
}

/** The form of any destination; of functions also that they are there. Nothing is sent to any other (destinations.ts). */
function checkDestination(service: Service, name: string, arn: string, place: string): void {
  if (arn === '') return;
  if (!/^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(\d{12})?:.*$/.test(arn)) {
    throw constraint(arn, place, 'satisfy regular expression pattern: $|arn:(aws[a-zA-Z0-9-]*):…');
  }
  if (arn.split(':')[2] !== 'lambda') return;
  const destination = parseFunctionName(arn).name;
  if (destination === name) throw invalid("You can't specify the function as a destination for itself.");
  if (!service.store.functions.get(destination)) throw invalid(`The destination ARN ${arn} is invalid.`);
}

async function keep(
  service: Service,
  record: FunctionRecord,
  qualifier: string,
  config: Fields,
): Promise<Answer> {
  const dated = { ...config, LastModified: Date.now() / 1000 };
  const after = { ...record, asynchronous: { ...record.asynchronous, [qualifier]: dated } };
  await service.store.functions.put(after);
  return { status: 200, body: formOf(service, after, qualifier) };
}

function formOf(service: Service, record: FunctionRecord, qualifier: string): Fields {
  const config = at(record.asynchronous, qualifier) ?? {};
  return {
    ...config,
    DestinationConfig: { OnSuccess: {}, OnFailure: {}, ...recordField(config, 'DestinationConfig') },
    FunctionArn: functionArn(service.place, record.name, qualifier),
  };
}
