/** R6: the resolution hook itself, one self-contained function: worker threads get it as text. */

export interface HookState {
  /** Package name → URL of the parent that its specifiers are resolved from. */
  readonly homes: Map<string, string>;
  /** The node_modules folders, in order, for `require`. */
  readonly folders: string[];
}

/**
 * Installs the hook in this thread; with `isUpdate` only what changed is made known.
 *
 * - `require`, `require.resolve`: `NODE_PATH` with our folders first. Hooks do not see `require.resolve` on Node 22.
 * - `import`, `import()`, `import.meta.resolve`: `module.registerHooks`, because plain Node ignores `NODE_PATH` there.
 * - worker threads: hooks do not reach them, so each is started with this very function as `--import data:…`.
 *
 * It must refer to nothing outside of itself but globals: its source text runs in the workers.
 */
export function installHooks(state: HookState, isUpdate: boolean): void {
  const module = process.getBuiltinModule('node:module');
  const { statSync } = process.getBuiltinModule('node:fs');
  const { delimiter, dirname } = process.getBuiltinModule('node:path');
  const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url');

  const others = (process.env['NODE_PATH'] ?? '').split(delimiter);
  const paths = [
    ...state.folders,
    ...others.filter(folder => folder !== '' && !state.folders.includes(folder)),
  ];
  process.env['NODE_PATH'] = paths.join(delimiter);
  // Node reads NODE_PATH once, at its start; this is how it reads it again (the test suite of Node relies on it).
  (module.Module as unknown as { _initPaths(): void })._initPaths();
  if (isUpdate) return;

  module.registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'node:worker_threads' || specifier === 'worker_threads') adoptWorkers();
      const name = packageOf(specifier);
      if (name === '' || context.conditions.includes('require')) return next(specifier, context);
      const home = state.homes.get(name);
      if (home !== undefined && !hasNearer(context.parentURL, name)) {
        return next(specifier, { ...context, parentURL: home });
      }
      try {
        return next(specifier, context);
      } catch (error) {
        // The runtime's own packages: on Lambda `import` finds them through NODE_PATH, on plain Node it does not.
        const folder = others.find(path => path.endsWith('/node_modules') && exists(`${path}/${name}`));
        if (folder === undefined || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND')
          throw error;
        return next(specifier, { ...context, parentURL: pathToFileURL(`${folder}/../handler`).href });
      }
    },
  });

  /** Empty for what names no package: a path, an address, a built-in module, an import of the package itself. */
  function packageOf(specifier: string): string {
    if (/^[./#]|^[a-z][a-z+.-]*:/.test(specifier)) return '';
    const [first = '', second] = specifier.split('/', 2);
    return first.startsWith('@') ? `${first}/${second}` : first;
  }

  function exists(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  }

  /** Node's own walk up from the importing file: a copy found there wins, as it does for `require`. */
  function hasNearer(parentURL: string | undefined, name: string): boolean {
    if (!parentURL?.startsWith('file:')) return false;
    for (let folder = dirname(fileURLToPath(parentURL)); ; folder = dirname(folder)) {
      if (
        !folder.endsWith('/node_modules') &&
        statSync(`${folder}/node_modules/${name}`, { throwIfNoEntry: false })
      ) {
        return true;
      }
      if (folder === dirname(folder)) return false;
    }
  }

  /** Once somebody asks for worker_threads, every new Worker starts with this function. Nobody asks, nothing is paid. */
  function adoptWorkers(): void {
    const threads = process.getBuiltinModule('node:worker_threads') as { Worker: WorkerConstructor };
    const own = Symbol.for('layer-builder.worker');
    if (own in threads.Worker) return;
    const adopted: WorkerConstructor = new Proxy(threads.Worker, {
      has: (target, key) => key === own || key in target,
      construct(target, [file, options = {}]: [string | URL, WorkerOptions?], newTarget) {
        const made = newTarget === adopted ? target : newTarget;
        let flags = [...(options.execArgv ?? process.execArgv)];
        for (;;) {
          try {
            const execArgv = [...flags, '--import', preload()];
            return Reflect.construct(target, [file, { ...options, execArgv }], made);
          } catch (error) {
            // Flags of the whole process are inherited anyway, but may not be named: Node says which ones.
            const refused = refusedFlags(error, flags);
            if (refused.length === 0) throw error;
            flags = flags.filter(flag => !refused.includes(flag));
          }
        }
      },
    });
    threads.Worker = adopted;
    module.syncBuiltinESMExports();
  }

  function refusedFlags(error: unknown, flags: readonly string[]): string[] {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') return [];
    const [, list = ''] = (error as Error).message.split(/flags: /);
    const named = list.split(', ');
    return flags.filter(flag => named.includes(flag));
  }

  function preload(): string {
    const homes = JSON.stringify([...state.homes]);
    const source = `(${installHooks})({homes:new Map(${homes}),folders:${JSON.stringify(state.folders)}},false)`;
    return `data:text/javascript,${encodeURIComponent(source)}`;
  }

  interface WorkerOptions {
    readonly execArgv?: readonly string[];
  }
  type WorkerConstructor = new (file: string | URL, options?: WorkerOptions) => object;
}
