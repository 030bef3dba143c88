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
import type { Plugin } from 'rolldown';

/** Exports that load other modules when they are read: a module that imports one keeps its plain import. */
const loud: Readonly<Record<string, RegExp>> = {
  crypto: /^(webcrypto|subtle|getRandomValues)$/,
  dns: /^promises$/,
  events: /^EventEmitterAsyncResource$/,
  fs: /^(ReadStream|WriteStream|FileReadStream|FileWriteStream|Utf8Stream|promises)$/,
  http: /^(WebSocket|CloseEvent|MessageEvent)$/,
  net: /^(BlockList|SocketAddress)$/,
  // Reading `stdin` opens it: only the default import, the object itself, is safe.
  process: /^(?!default$)/,
  stream: /^promises$/,
  timers: /^promises$/,
  tls: /^rootCertificates$/,
  util: /^(transferableAbortSignal|transferableAbortController|aborted)$/,
};
const virtual = '\0layer-builder-builtin:';
const statement = /\b(import|export)\b([^'"`;()]*?)\bfrom\s*['"](?:node:)?([a-z_0-9/]+)['"]/g;

/** A rolldown plugin for output in ESM format; a module that wants one of those exports keeps its plain import. */
export function quietBuiltins(): Plugin {
  /** `<importer> <builtin>` → the names it imports; absent when it must keep its plain import. */
  const wanted = new Map<string, string[]>();
  return {
    name: 'quiet-builtins',
    transform(code, id) {
      // rolldown's own helpers, which it leaves out where nothing asks for them
      if (id.startsWith('\0')) return null;
      const names = new Map<string, string[] | undefined>();
      for (const [, keyword, clause = '', name = ''] of code.matchAll(statement)) {
        if (!isBuiltin(`node:${name}`) || name === 'worker_threads') continue;
        const more = keyword === 'export' ? undefined : importedNames(clause, name);
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

/** Names of one import clause; undefined for a namespace and when one of them must not be read unasked. */
function importedNames(clause: string, name: string): string[] | undefined {
  if (clause.includes('*')) return undefined;
  const inner = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  const names = inner.split(',').map(item => item.trim().split(/\s+/)[0] ?? '');
  const real = names.filter(imported => imported !== '' && imported !== 'default' && imported !== 'type');
  return real.some(imported => loud[name]?.test(imported)) ? undefined : real;
}

function moduleText(name: string, names: readonly string[]): string {
  const unique = [...new Set(names)];
  return [
    `const builtin = process.getBuiltinModule('node:${name}');`,
    'export default builtin;',
    ...unique.map(key => `const own_${key} = builtin.${key};\nexport { own_${key} as ${key} };`),
  ].join('\n');
}
