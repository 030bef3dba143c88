/** The OpenAPI 3.1 document, made from the declarations that validate. https://spec.openapis.org/oas/v3.1.1.html */
import { STATUS_CODES } from 'node:http';
import type { Route, Tag } from '../declare.ts';
import { patternOf } from '../schema/formats.ts';
import type { FieldSchema, Fields, Format } from '../schema/types.ts';
import { defaultMaxLength } from '../schema/validate.ts';
import { serviceVersion } from '../version.ts';
import { errorExamples, examples } from './examples.ts';
import { type JsonSchema, schemas } from './schemas.ts';

/** Every status of an error that some route answers. */
const errorStatuses = [401, 404, 413, 415, 422, 429, 500, 502, 503, 504] as const;

const tags: Readonly<Record<Tag, string>> = {
  info: 'What runs here, from what, since when, and under which address',
  'github-api': 'What GitHub says of a repository, and the files in it',
  'github-digest': 'A repository as one document',
  'github-stats': 'Where the bytes of a repository are',
  'threat-intelligence': 'What is known of an address',
  auth: 'The key as a cookie, for browsers',
  pages: 'Pages for people, and the document behind them',
};

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
    tags: [...new Set(routes.filter(route => !route.hidden).map(route => route.tag))].map(name => ({
      name,
      description: tags[name],
    })),
    paths,
    components: {
      schemas,
      responses: Object.fromEntries(errorStatuses.map(status => [status, errorOf(status)])),
      securitySchemes: {
        header: { type: 'apiKey', in: 'header', name, description: 'The key' },
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
  const query = Object.entries(route.query ?? {}).map(([name, schema]) => parameterOf(name, schema));
  const parameters = route.conditional ? [...query, ifNoneMatch] : query;
  return {
    operationId: operationIdOf(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.public && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: bodySchema(route.body), example: exampleOf(route.body) } },
      },
    }),
    responses: responsesOf(route),
  };
}

/** `/github-stats/files-by-size/view/table` → `get_github_stats_files_by_size_view_table`. */
function operationIdOf({ method, path }: Route): string {
  return `${method}${path}`.toLowerCase().replace(/[^a-z0-9]{1,9}/g, '_');
}

const etag = {
  type: 'string',
  maxLength: defaultMaxLength,
  examples: ['"vT1mW0f5x8Q2kq9yJ6cR7hZ4aLe"'],
} as const;
const ifNoneMatch: JsonSchema = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of an earlier answer: 304 if that answer is still good',
  schema: etag,
};

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

/** A body that says what needs saying: the first example of each field that has one, and what is required. */
function exampleOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, schema]) => schema.examples !== undefined)
      .map(([name, schema]) => [name, schema.examples?.[0]]),
  );
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
    Object.entries(route.answers).map(([type, name]) => [
      type,
      { schema: reference(name), example: examples[name] },
    ]),
  );
  const statuses = new Set([500, ...(route.errors ?? [])]);
  if (!route.public) for (const status of [401, 503]) statuses.add(status);
  if (route.query || route.body) statuses.add(422);
  if (route.body) for (const status of [413, 415]) statuses.add(status);
  if (route.upstream) for (const status of [429, 502, 504]) statuses.add(status);
  // The archive of a repository may be one that no GitHub makes.
  if (route.errors?.includes(413)) statuses.add(422);
  const common = { 'X-Request-Id': requestId };
  const headers = route.conditional
    ? { ...common, ETag: { description: 'Names this answer', schema: etag } }
    : common;
  const done =
    route.status === 307
      ? { 307: { description: 'It is elsewhere', headers: { ...headers, Location: location } } }
      : { 200: { description: 'Done', headers, content } };
  return {
    ...done,
    ...(route.conditional && {
      304: { description: 'Nothing changed since the ETag that was sent', headers },
    }),
    ...Object.fromEntries(
      [...statuses].sort().map(status => [status, { $ref: `#/components/responses/${status}` }]),
    ),
  };
}

const requestId: JsonSchema = { description: 'Id of the request, as in the log', schema: { type: 'string' } };
const location: JsonSchema = { description: 'Where', schema: { type: 'string' } };
const retryAfter: JsonSchema = { description: 'Seconds', schema: { type: 'integer', minimum: 1 } };

function errorOf(status: number): JsonSchema {
  const schema =
    status === 401
      ? reference('Unauthorized')
      : status === 422
        ? { anyOf: [reference('ValidationError'), reference('Error')] }
        : reference('Error');
  const title = STATUS_CODES[status] ?? '';
  const problem = { type: 'about:blank', title, status, detail: said(errorExamples[status]) };
  return {
    description: title,
    headers: {
      'X-Request-Id': requestId,
      ...((status === 429 || status === 503) && { 'Retry-After': retryAfter }),
    },
    content: {
      'application/json': { schema, example: errorExamples[status] },
      'application/problem+json': { schema: reference('Problem'), example: problem },
    },
  };
}

/** The one sentence of an error. */
function said(example: unknown): string {
  const { detail, message } = example as { detail?: unknown; message?: string };
  return typeof detail === 'string' ? detail : (message ?? 'The request does not match its declaration');
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
