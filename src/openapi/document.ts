/** The OpenAPI 3.1 document, made from the declarations that validate. https://spec.openapis.org/oas/v3.1.1.html */
import { STATUS_CODES } from 'node:http';
import type { Route } from '../declare.ts';
import { patternOf } from '../schema/formats.ts';
import type { FieldSchema, Fields, Format } from '../schema/types.ts';
import { defaultMaxLength } from '../schema/validate.ts';
import { serviceVersion } from '../version.ts';
import { type JsonSchema, schemas } from './schemas.ts';

/** Every status of an error that some route answers. */
const errorStatuses = [401, 404, 413, 415, 422, 429, 500, 502, 503, 504] as const;

/** `keyName`: the header and cookie of the key, where one is configured. */
export function makeOpenApi(routes: readonly Route[], keyName: string | undefined): JsonSchema {
  const name = keyName ?? 'x-api-key';
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    if (route.hidden) continue;
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'GitHub Digest',
      version: serviceVersion,
      description: 'Repositories as one document, their sizes, GitHub resources and facts about addresses.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ header: [] }, { cookie: [] }],
    tags: [...new Set(routes.filter(route => !route.hidden).map(route => route.tag))].map(tag => ({
      name: tag,
    })),
    paths,
    components: {
      schemas,
      responses: Object.fromEntries(errorStatuses.map(status => [status, errorOf(status)])),
      securitySchemes: {
        header: { type: 'apiKey', in: 'header', name },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name,
          description: 'Only where the header is missing or empty',
        },
      },
    },
  };
}

function operationOf(route: Route): JsonSchema {
  const parameters = Object.entries(route.query ?? {}).map(([name, schema]) => parameterOf(name, schema));
  return {
    operationId: operationIdOf(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.public && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: bodySchema(route.body) } } },
    }),
    responses: responsesOf(route),
  };
}

/** `/github-stats/files-by-size/view/table` → `get_github_stats_files_by_size_view_table`. */
function operationIdOf({ method, path }: Route): string {
  return `${method}${path}`.toLowerCase().replace(/[^a-z0-9]{1,9}/g, '_');
}

function parameterOf(name: string, schema: FieldSchema): JsonSchema {
  const { description } = schema;
  const required = isRequired(schema);
  return { name, in: 'query', required, ...(description && { description }), schema: schemaOf(schema) };
}

function bodySchema(fields: Fields): JsonSchema {
  const required = Object.keys(fields).filter(name => isRequired(fields[name] as FieldSchema));
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, schemaOf(schema)]),
  );
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function isRequired(schema: FieldSchema): boolean {
  return schema.default === undefined && !schema.optional;
}

/** What the validator takes for granted is said here. */
function schemaOf(schema: FieldSchema): JsonSchema {
  const { optional: _optional, ...plain } = schema;
  switch (plain.type) {
    case 'string': {
      const { format, maxLength = defaultMaxLength, ...rest } = plain;
      return { ...rest, ...(!rest.enum && { maxLength }), ...(format && formatOf(format)) };
    }
    case 'integer':
      return { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, ...plain };
    case 'array':
      return { ...plain, items: schemaOf(plain.items) };
    case 'boolean':
      return plain;
  }
}

function formatOf(format: Format): JsonSchema {
  const pattern = patternOf(format);
  return pattern === undefined ? { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] } : { pattern };
}

function responsesOf(route: Route): Record<string, JsonSchema> {
  const content = Object.fromEntries(
    Object.entries(route.answers).map(([type, name]) => [type, { schema: reference(name) }]),
  );
  const statuses = new Set([500, ...(route.errors ?? [])]);
  if (!route.public) for (const status of [401, 503]) statuses.add(status);
  if (route.query || route.body) statuses.add(422);
  if (route.body) for (const status of [413, 415]) statuses.add(status);
  if (route.upstream) for (const status of [429, 502, 504]) statuses.add(status);
  // The archive of a repository may be one that no GitHub makes.
  if (route.errors?.includes(413)) statuses.add(422);
  return {
    200: { description: 'Done', content },
    ...(route.conditional && { 304: { description: 'Nothing changed since the ETag that was sent' } }),
    ...Object.fromEntries(
      [...statuses].sort().map(status => [status, { $ref: `#/components/responses/${status}` }]),
    ),
  };
}

function errorOf(status: number): JsonSchema {
  const schema =
    status === 401
      ? reference('Unauthorized')
      : status === 422
        ? { anyOf: [reference('ValidationError'), reference('Error')] }
        : reference('Error');
  return {
    description: STATUS_CODES[status] ?? '',
    ...(status === 429 && {
      headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } },
    }),
    content: {
      'application/json': { schema },
      'application/problem+json': { schema: reference('Problem') },
    },
  };
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
