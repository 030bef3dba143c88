/**
 * Schemas of the answers, by the names that routes declare; `examples.ts` has an example for each. Read by the OpenAPI
 * document only, so loaded with it.
 */

export type JsonSchema = Readonly<Record<string, unknown>>;

const string = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const number = { type: 'number', minimum: 0 } as const;
const strings = { type: 'array', items: string } as const;

/** All fields are always there unless named in `optional`. */
function object(properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter(name => !optional.includes(name));
  return { type: 'object', properties, required };
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

function map(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values };
}

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const file = object({ path: string, name: string, extension: string, size_bytes: count, folder: string });
const folder = object({
  path: string,
  depth: count,
  size_bytes: count,
  file_count: count,
  direct_file_count: count,
  subfolder_count: count,
  extensions: strings,
});
const extensions = map(object({ count, total_bytes: count }));
const address = object({ headers: map(string), text: string, duration: number, error: string }, ['error']);

export const schemas: Readonly<Record<string, JsonSchema>> = {
  Page: { ...string, description: 'HTML' },
  DigestMarkdown: string,
  DigestXml: string,
  DigestText: string,
  FilesTable: string,
  FoldersTable: string,
  FoldersTree: string,
  ExtensionsTable: string,
  OpenApi: { type: 'object', description: 'OpenAPI 3.1' },
  Version: object({ version: string }),
  Health: object({ status: { const: 'ok' } }),
  Status: object({
    name: string,
    version: string,
    status: { type: 'string', enum: ['operational', 'degraded'] },
    environment: { type: 'string', enum: ['aws-lambda', 'local'] },
  }),
  Server: object({
    server_id: string,
    server_name: string,
    server_instance_id: string,
    server_boot_time: { type: 'integer', description: 'Milliseconds since 1970' },
  }),
  Versions: object({ service: string, node: string, dependencies: map(string) }),
  ResolvedDependencies: object({
    artifacts: list(
      object({
        name: string,
        source: { type: 'string', enum: ['layer', 'tmp', 's3'] },
        digest: string,
        tree: string,
        packages: list(object({ name: string, version: string })),
        phases: { ...map(number), description: 'Milliseconds' },
      }),
    ),
  }),
  IpAddress: object({ ip_address: string, duration: number, source: string }),
  IpAddresses: object({
    check_ip__amazon_aws: address,
    if_config: address,
    ip_ify: address,
    ip_info: address,
  }),
  Resource: object({
    headers: map(string),
    content: { description: 'What the other service answered' },
    duration: { ...number, description: 'Seconds' },
  }),
  Paths: strings,
  Texts: map(string),
  Digest: object({
    repository: object({ owner: string, name: string, ref: string, commit: string }),
    filters: { type: 'object' },
    totals: object({ total_files: count, files: count, bytes: count, tokens: count, skipped: count }),
    warnings: list(object({ path: string, line: count, kind: string })),
    skipped: list(
      object({
        path: string,
        size: count,
        reason: {
          type: 'string',
          enum: ['filtered', 'over budget', 'binary', 'not UTF-8', 'too large', 'link'],
        },
      }),
    ),
    files: list(object({ path: string, size: count, tokens: count, content: string }, ['content'])),
  }),
  RepoStats: object({
    owner: string,
    name: string,
    ref: string,
    total_files: count,
    total_size_bytes: count,
    total_folders: count,
    files: list(file),
    folders: list(folder),
    extensions_summary: extensions,
    max_depth: count,
    requested_depth: count,
  }),
  Files: list(file),
  Folders: list(folder),
  Extensions: extensions,
  FolderTree: object({
    name: { const: '/' },
    size_bytes: count,
    file_count: count,
    children: map(ref('FolderNode')),
  }),
  FolderNode: object({
    name: string,
    path: string,
    children: map(ref('FolderNode')),
    size_bytes: count,
    file_count: count,
    direct_file_count: count,
    subfolder_count: count,
  }),
  CookieSet: object({ message: string, cookie_name: string }),
  Error: object({ detail: string, request_id: string }, ['request_id']),
  Unauthorized: object({
    data: { type: 'null' },
    error: { type: 'null' },
    message: string,
    status: { const: 'error' },
  }),
  ValidationError: object({
    detail: list(
      object(
        {
          type: string,
          loc: list({ type: ['string', 'integer'] }),
          msg: string,
          input: {},
          ctx: { type: 'object' },
        },
        ['ctx'],
      ),
    ),
  }),
  Problem: {
    ...object(
      {
        type: string,
        title: string,
        status: count,
        detail: string,
        request_id: string,
        errors: list({ type: 'object' }),
      },
      ['request_id', 'errors'],
    ),
    description: 'RFC 9457, for clients that accept application/problem+json',
  },
};
