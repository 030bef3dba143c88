/**
 * E24: requests generated from the OpenAPI document, judged by the checks that Schemathesis makes. Here, in its words:
 * not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
 * response_schema_conformance, positive_data_acceptance, negative_data_rejection, ignored_auth, unsupported_method and,
 * the key being the only header that is needed, missing_required_header. max_response_time is a benchmark's, and
 * use_after_free and ensure_resource_availability find nothing to look at: no request makes or deletes anything.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { playEverybody } from './helpers/everybody.ts';
import { type Reply, type Served, serve } from './helpers/serve.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 20261123);
/** 50,000 with `FUZZ_RUNS=50000`. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 600);

type Schema = Readonly<Record<string, unknown>> & {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
};

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly fields: Record<string, Schema>;
  readonly isBody: boolean;
  readonly isPublic: boolean;
  readonly required: readonly string[];
  readonly responses: Record<
    string,
    {
      readonly $ref?: string;
      readonly content?: Record<string, { schema: Schema }>;
      readonly headers?: Record<string, { schema: Schema }>;
    }
  >;
}

interface Document {
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
  readonly components: { readonly responses: Operation['responses'] };
}

async function readOperations(service: Served): Promise<{ document: Document; operations: Operation[] }> {
  const document = (await service.get('/openapi.json')).json() as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, given]) => {
      const {
        parameters = [],
        requestBody,
        responses,
        security,
      } = given as {
        parameters?: { name: string; in: string; schema: Schema }[];
        requestBody?: { content: Record<string, { schema: Schema }> };
        responses: Operation['responses'];
        security?: unknown[];
      };
      const body = requestBody?.content['application/json']?.schema;
      const query = parameters.filter(parameter => parameter.in === 'query');
      const fields = body?.properties ?? Object.fromEntries(query.map(({ name, schema }) => [name, schema]));
      const isPublic = security?.length === 0;
      const required = body?.required ?? [];
      return {
        path,
        method: method.toUpperCase(),
        fields,
        isBody: body !== undefined,
        isPublic,
        required,
        responses,
      };
    }),
  );
  return { document, operations };
}

const nameChars = fc.constantFrom(...'abzAZ019._-+@=,/');

/** Values that the schema allows. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(fc.ipV4(), fc.ipV6());
  switch (schema.type) {
    case 'integer':
      return fc.oneof(
        fc.integer({ min: Math.max(schema.minimum ?? 0, -50), max: Math.min(schema.maximum ?? 0, 500) }),
        fc.constantFrom(schema.minimum, schema.maximum),
      );
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valid(schema.items ?? {}), { maxLength: 3 });
    default: {
      const expression = new RegExp(schema.pattern ?? '');
      const text = fc.oneof(
        fc.string({ maxLength: 30, unit: 'binary' }),
        fc.string({ unit: nameChars, maxLength: 12 }),
      );
      const fits = (value: string) =>
        expression.test(value) && value.length >= (schema.minLength ?? 0) && value.isWellFormed();
      return text.filter(fits);
    }
  }
}

/** Values that the schema forbids; undefined where it allows every text. */
function invalid(schema: Schema, isBody: boolean): fc.Arbitrary<unknown> | undefined {
  const wrongType = isBody ? [fc.constantFrom<unknown>(null, { a: 1 }, [[]])] : [];
  if (schema.enum || schema.anyOf)
    return fc.oneof(fc.constantFrom<unknown>('', 'nonsense', '1.2.3', '999.9.9.9'), ...wrongType);
  switch (schema.type) {
    case 'integer': {
      const outside = [schema.minimum, schema.maximum].map((bound, index) =>
        String(BigInt(bound ?? 0) + (index ? 1n : -1n)),
      );
      return fc.oneof(
        fc.constantFrom<unknown>('', 'x', '1.5', '0x10', '1e3', '--1', '∞', ...outside),
        ...wrongType,
      );
    }
    case 'boolean':
      return fc.oneof(fc.constantFrom<unknown>('', 'x', '2', 'truee'), ...wrongType);
    case 'array': {
      const tooMany = Array.from({ length: (schema.maxItems ?? 0) + 1 }, () => 'a');
      return fc.oneof(
        fc.constant<unknown>(isBody || tooMany.length < 200 ? tooMany : ['a'.repeat(1025)]),
        ...wrongType,
      );
    }
    default: {
      const expression = new RegExp(schema.pattern ?? '');
      const tooLong = fc.constant<unknown>('a'.repeat((schema.maxLength ?? 0) + 1));
      const wrong = fc
        .string({ maxLength: 20, unit: 'binary' })
        .filter(text => !expression.test(text) && text.isWellFormed());
      return schema.pattern ? fc.oneof(wrong, tooLong, ...wrongType) : fc.oneof(tooLong, ...wrongType);
    }
  }
}

function send(
  service: Served,
  operation: Operation,
  values: Record<string, unknown>,
  key = true,
): Promise<Reply> {
  const { method, path, isBody } = operation;
  if (isBody) {
    const headers = { 'content-type': 'application/json' };
    return service.call(method, path, { headers, body: JSON.stringify(values), key });
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const each of [value].flat()) query.append(name, String(each));
  return service.call(method, query.size > 0 ? `${path}?${query}` : path, { key });
}

/** Bodies, media types, statuses and schemas as the document says; no 5xx. */
function makeJudge(t: ExecutionContext, document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api', ...document });
  const known = new Map<string, ReturnType<typeof ajv.compile>>();
  return ({ path, method, responses }: Operation, reply: Reply) => {
    const what = `${method} ${path} → ${reply.status} ${reply.text.slice(0, 200)}`;
    t.true(reply.status < 500, what);
    t.true(String(reply.status) in responses, what);
    const pointer = `#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${reply.status}`;
    const given = responses[reply.status] ?? {};
    const at = given.$ref ?? pointer;
    const declared = given.$ref ? document.components.responses[given.$ref.split('/').pop() ?? ''] : given;
    const { content = {}, headers = {} } = declared ?? {};
    for (const [name, { schema }] of Object.entries(headers)) {
      const value = reply.headers[name.toLowerCase()];
      t.true(
        ajv.validate(schema, schema.type === 'integer' ? Number(value) : value),
        `${what}: header ${name}`,
      );
    }
    if (Object.keys(content).length === 0) return t.is(reply.text, '', what);
    const type = reply.headers['content-type'] ?? '';
    t.true(type in content, `${what} as ${type}`);
    if (type !== 'application/json') return undefined;
    const reference = `api${at}/content/application~1json/schema`;
    const check = known.get(reference) ?? ajv.compile({ $ref: reference });
    known.set(reference, check);
    return t.true(check(reply.json()), `${what}: ${JSON.stringify(check.errors)}`);
  };
}

test(`E24 ${runs} generated requests: no 5xx, every answer as the document says, good data taken, bad data refused`, async t => {
  t.log(`seed ${seed}`);
  const service = await serve(t, await playEverybody(t));
  const { document, operations } = await readOperations(service);
  const judge = makeJudge(t, document);
  const good = fc.constantFrom(...operations).chain(operation => {
    const fields = Object.fromEntries(
      Object.entries(operation.fields).map(([name, schema]) => [name, valid(schema)]),
    );
    return fc
      .record(fields, { requiredKeys: [...operation.required] })
      .map(values => ({ operation, values, isGood: true }));
  });
  // The first status that the document names is that of an answer without fault.
  const broken = operations.flatMap(operation =>
    Object.entries(operation.fields).map(([name, schema]) => ({
      operation,
      name,
      values: invalid(schema, operation.isBody),
    })),
  );
  const bad = fc.constantFrom(...broken).chain(({ operation, name, values }) =>
    (values ?? fc.constant('')).map(value => ({
      operation,
      values: { [name]: value } as Record<string, unknown>,
      isGood: false,
    })),
  );
  const property = fc.asyncProperty(fc.oneof(good, bad), async ({ operation, values, isGood }) => {
    const reply = await send(service, operation, values);
    judge(operation, reply);
    t.is(
      reply.status,
      isGood ? Number(Object.keys(operation.responses)[0]) : 422,
      `${operation.path} ${JSON.stringify(values).slice(0, 300)} ${reply.text.slice(0, 300)}`,
    );
    t.truthy(reply.headers['x-request-id']);
  });
  await fc.assert(property, { seed, numRuns: runs });
});

test('E24 no operation can be used without the key, with a wrong key, or with another method', async t => {
  const service = await serve(t, await playEverybody(t));
  const { document, operations } = await readOperations(service);
  const judge = makeJudge(t, document);
  for (const operation of operations) {
    if (operation.isPublic) continue;
    const without = await send(service, operation, {}, false);
    t.is(without.status, 401);
    judge(operation, without);
    const headers = { 'x-api-key': 'wrong', 'content-type': 'application/json' };
    t.is(
      (await service.call(operation.method, operation.path, { headers, body: operation.isBody ? '{}' : '' }))
        .status,
      401,
    );
    const other = operation.method === 'GET' ? 'POST' : 'GET';
    const refused = await service.call(other, operation.path);
    t.deepEqual(
      [refused.status, refused.headers.allow],
      [405, operation.method === 'GET' ? 'GET, HEAD' : 'POST'],
    );
  }
});
