/**
 * Lets ES modules take Node's own modules as objects, by `process.getBuiltinModule` instead of `import`.
 *
 * `import http from 'node:http'` reads every export once, so also the getters `WebSocket`, `CloseEvent` and
 * `MessageEvent`, and they load undici: 25 ms of a cold start for names that nobody asked for. For `util` and
 * `process` the same costs 5 ms, for `fs` 2, `crypto` and `net` 0.5; and each import passes the resolution hooks and
 * makes a facade with all exports. Taking the object reads nothing. `worker_threads` stays an import: the handler's hook
 * has to see it, to make threads find the same packages (handler/hooks.ts).
 */
import { isBuiltin } from 'node:module';
import { extname } from 'node:path';
import type { Plugin } from 'rolldown';
import { exportsOf } from './compact/boundary.ts';
import { isSyntaxNode } from './compact/scope.ts';
import { importStatements, namesInBraces } from './compact/statements.ts';

const virtual = '\0layer-builder-builtin:';

/** A rolldown plugin for output in ESM format. A module that hands a builtin or its namespace on keeps its plain import. */
export function quietBuiltins(): Plugin {
  /** `<importer> <builtin>` → the names it imports; absent when it must keep its plain import. */
  const wanted = new Map<string, string[]>();
  return {
    name: 'quiet-builtins',
    async transform(code, id) {
      // rolldown's own helpers, which it leaves out where nothing asks for them
      if (id.startsWith('\0')) return null;
      const names = new Map<string, string[] | undefined>();
      for (const { keyword, clause, source } of importStatements(code)) {
        const name = source.replace(/^node:/, '');
        if (!isBuiltin(`node:${name}`) || name === 'worker_threads') continue;
        const more = keyword === 'export' ? undefined : await importedNames(clause, code, id);
        const before = names.has(name) ? names.get(name) : [];
        names.set(name, more && before ? [...before, ...more] : undefined);
      }
      for (const [name, list] of names) if (list) wanted.set(`${id} ${name}`, list);
      return null;
    },
    resolveId: {
      order: 'pre',
      handler(source, importer, { kind }) {
        if (!isBuiltin(source)) return null;
        const asked = `${importer} ${source.replace(/^node:/, '')}`;
        if (kind === 'import-statement' && wanted.has(asked)) return virtual + asked;
        return { id: source, external: true, moduleSideEffects: false };
      },
    },
    load(id) {
      if (!id.startsWith(virtual)) return null;
      const asked = id.slice(virtual.length);
      return { code: moduleText(asked.split(' ').pop() ?? '', wanted.get(asked) ?? []) };
    },
  };
}

/** Names of one import clause; undefined for a namespace of which more is done than reading fields of it. */
async function importedNames(clause: string, code: string, id: string): Promise<string[] | undefined> {
  const star = /\*\s*as\s+([\w$]+)/.exec(clause)?.[1];
  if (star !== undefined) return fieldsOf(star, code, id);
  return namesInBraces(clause);
}

/** Nodes in which a name is not read when the code runs: the import itself, and types. */
const mentions = new Set(['ImportDeclaration', 'TSQualifiedName', 'TSTypeQuery']);

/**
 * The fields that are read of a namespace, which is then never made: `http.request`, `path.join`. Undefined when the
 * name stands anywhere for itself, or when it cannot be told; another variable of that name only makes more of that.
 */
async function fieldsOf(name: string, code: string, id: string): Promise<string[] | undefined> {
  const fields = new Set<string>();
  const isRead = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(isRead);
    if (!isSyntaxNode(value) || mentions.has(value.type)) return true;
    if (value.type === 'Identifier') return value['name'] !== name;
    if (value.type === 'MemberExpression' && value['computed'] !== true) {
      const { object, property } = value as unknown as Record<string, { type: string; name: string }>;
      if (object?.type !== 'Identifier' || object.name !== name) return isRead(object);
      fields.add(property?.name ?? '');
      return true;
    }
    return Object.entries(value).every(([key, child]) => isLabel(value, key) || isRead(child));
  };
  const { parseAst } = await import('rolldown/parseAst');
  const lang = { '.ts': 'ts', '.mts': 'ts', '.tsx': 'tsx', '.jsx': 'jsx' } as const;
  try {
    const program = parseAst(code, {
      lang: lang[extname(id) as keyof typeof lang] ?? 'js',
      sourceType: 'module',
    });
    return isRead(program) ? [...fields].filter(field => field !== 'default') : undefined;
  } catch {
    return undefined;
  }
}

/** `{ http: 1 }`, `http() {}` in a class: a name of something else. In `{ http }` the value is looked at. */
function isLabel(node: { readonly type: string; readonly [field: string]: unknown }, key: string): boolean {
  return (
    key === 'key' &&
    node['computed'] !== true &&
    /^(Property|PropertyDefinition|MethodDefinition)$/.test(node.type)
  );
}

function moduleText(name: string, names: readonly string[]): string {
  return [
    `const builtin = process.getBuiltinModule('node:${name}');`,
    'export default builtin;',
    ...exportsOf(names, 'builtin'),
  ].join('\n');
}
