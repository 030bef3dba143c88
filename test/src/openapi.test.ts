/** The OpenAPI document: valid, complete, and true to what the service does. */
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { routes } from '../../src/routes/index.ts';
import { serve } from './helpers/serve.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly schema: Record<string, unknown> }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly properties: object } }>;
  };
  readonly responses: Record<string, { readonly $ref?: string }>;
  readonly security?: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: object; readonly schemas: object };
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
    t.deepEqual(operation?.parameters?.map(({ name }) => name) ?? [], Object.keys(route.query ?? {}));
    for (const { name, schema } of operation?.parameters ?? []) {
      t.deepEqual(schema['default'], route.query?.[name]?.default as unknown, `${route.path} ${name}`);
    }
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
