/** The OpenAPI document: valid, complete, and true to what the service does. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import { routes } from '../../src/routes/index.ts';
import { serve } from './helpers/serve.ts';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}

interface Response {
  readonly content?: Record<string, Media>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: Record<string, unknown>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Record<string, Media & { readonly schema: { readonly properties: object } }>;
  };
  readonly responses: Record<string, Response & { readonly $ref?: string }>;
  readonly security?: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: Record<string, Response>; readonly schemas: object };
}

test('the document is valid OpenAPI 3.1', async t => {
  const service = await serve(t);
  const reply = await service.call('GET', '/openapi.json', { key: false });
  t.is(reply.status, 200);
  const validator = new Validator();
  const result = await validator.validate(reply.json() as Record<string, unknown>);
  t.true(result.valid, JSON.stringify(result.errors));
  t.is(validator.version, '3.1');
});

test('every route, parameter and field is in it, with its default', async t => {
  const service = await serve(t);
  const { paths } = (await service.get('/openapi.json')).json() as Document;
  const shown = routes.filter(route => !route.hidden);
  t.is(Object.values(paths).flatMap(methods => Object.keys(methods)).length, shown.length);
  for (const route of shown) {
    const operation = paths[route.path]?.[route.method.toLowerCase()];
    const query = operation?.parameters?.filter(parameter => parameter.in === 'query') ?? [];
    t.deepEqual(
      query.map(({ name }) => name),
      Object.keys(route.query ?? {}),
    );
    for (const { name, schema, description } of query) {
      t.deepEqual(schema['default'], route.query?.[name]?.default as unknown, `${route.path} ${name}`);
      t.truthy(description, `${route.path} ${name} has no description`);
    }
    const isConditional = operation?.parameters?.some(({ name }) => name === 'If-None-Match') ?? false;
    t.is(isConditional, Boolean(route.conditional));
    t.is('304' in (operation?.responses ?? {}), isConditional);
    const body = operation?.requestBody?.content['application/json']?.schema.properties;
    t.deepEqual(body && Object.keys(body), route.body && Object.keys(route.body));
    t.is(operation?.security?.length, route.public ? 0 : undefined);
  }
});

test('every reference in it leads somewhere, and every operation has a name of its own', async t => {
  const service = await serve(t);
  const text = (await service.get('/openapi.json')).text;
  const document = JSON.parse(text) as Document;
  for (const [, kind = '', name = ''] of text.matchAll(/#\/components\/(\w+)\/([\w-]+)/g)) {
    const components = document.components as Record<string, object>;
    t.true(Object.hasOwn(components[kind] ?? {}, name), `${kind}/${name}`);
  }
  const ids = Object.values(document.paths).flatMap(methods =>
    Object.values(methods).map(each => each.operationId),
  );
  t.is(new Set(ids).size, ids.length);
});

test('every answer, error and body has an example, and its schema allows it', async t => {
  const service = await serve(t);
  const document = (await service.get('/openapi.json')).json() as Document;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', components: document.components });
  const check = (where: string, { schema, example }: Media) => {
    t.not(example, undefined, `${where} has no example`);
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/'));
    t.true(ajv.validate(local, example), `${where}: ${JSON.stringify(ajv.errors)}`);
  };
  const checkAll = (where: string, content: Record<string, Media> = {}) => {
    for (const [type, media] of Object.entries(content)) check(`${where} ${type}`, media);
  };
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const { requestBody, responses } of Object.values(methods)) {
      checkAll(path, requestBody?.content);
      for (const [status, response] of Object.entries(responses))
        checkAll(`${path} ${status}`, response.content);
    }
  }
  for (const [status, { content }] of Object.entries(document.components.responses))
    checkAll(status, content);
});
