/** Bundles the app's own code with rolldown: what it imports decides what is packaged, its chunks what is deployed. */
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, posix, relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { InputOptions, RolldownOutput } from 'rolldown';
import { quietBuiltins } from '../build/quiet-builtins.ts';
import { BuilderError } from '../errors.ts';
import { isProvided } from '../plan/roots.ts';
import { linkedFolders } from './linked-folders.ts';
import type { Lockfile } from './lockfile.ts';
import { resolveEntry } from './lockfile.ts';

export interface BundledFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface AppBundle {
  /** `app.mjs`, its chunks and assets. */
  readonly files: readonly BundledFile[];
  /** Names of the packages it imports, sorted. */
  readonly packages: readonly string[];
  /** For each of them, the place in the lockfile from which it is imported: the project or a linked folder. */
  readonly importedFrom: Readonly<Record<string, string>>;
  /** Every specifier with which it imports them, sorted: `koa`, `date-fns/format` … */
  readonly specifiers: readonly string[];
  /** Those of them that are loaded before any of its code runs. */
  readonly started: readonly string[];
}

/**
 * Bundles the app from its entry, leaving packages of the lockfile as bare imports. Workspaces and linked
 * folders count as the app's own code and are inlined.
 *
 * Throws `BUNDLE_FAILED` when the code does not parse or imports what neither exists nor is locked.
 */
export async function bundleApp(project: string, entry: string, lockfile: Lockfile): Promise<AppBundle> {
  const specifiers = new Set<string>();
  const importedFrom: Record<string, string> = {};
  const problems: string[] = [];
  const { rolldown } = await import('rolldown');
  const input: InputOptions = {
    input: entry,
    cwd: project,
    platform: 'node',
    logLevel: 'warn',
    experimental: { resolveNewUrlToAsset: true },
    preserveEntrySignatures: 'allow-extension',
    plugins: [
      quietBuiltins(),
      linkedFolders(lockfile.folder, packageOf, (name, importer) =>
        resolveEntry(lockfile.entries, placeOf(importer, lockfile), name),
      ),
    ],
    external(id, importer) {
      const name = packageOf(id);
      if (name === undefined) return false;
      const from = placeOf(importer, lockfile);
      const locked = resolveEntry(lockfile.entries, from, name);
      if (locked ? locked.link : !isProvided(name)) return false;
      specifiers.add(id);
      const before = importedFrom[name] ?? from;
      const other = resolveEntry(lockfile.entries, before, name);
      if (locked && other && locked.version !== other.version) {
        problems.push(
          `${name} is imported as ${other.version} from ${before || 'the project'} and as ${locked.version} from ${from || 'the project'}, and one file has one ${name}: ask for one version in both`,
        );
      }
      // The project's own import decides; a linked folder counts where the project does not import the package.
      if (from === lockfile.projectLocation || importedFrom[name] === undefined) importedFrom[name] = from;
      return true;
    },
    onLog(_level, log) {
      if (log.code === 'UNRESOLVED_IMPORT') problems.push(firstLine(log.message));
    },
  };
  try {
    const bundle = await rolldown(input);
    const { output } = await bundle.generate({
      format: 'esm',
      // Functions and classes keep their names: they are what a stack of the log shows.
      minify: { mangle: { keepNames: true }, compress: true, codegen: { removeWhitespace: true } },
      entryFileNames: 'app.mjs',
      chunkFileNames: 'app-[name]-[hash].mjs',
      assetFileNames: 'app-[name]-[hash][extname]',
    });
    await bundle.close();
    const files = output.map(item => ({
      path: item.fileName,
      bytes: Buffer.from(item.type === 'chunk' ? item.code : item.source),
    }));
    for (const item of output) {
      if (item.type === 'chunk') for (const id of namedInText(item.code, lockfile)) specifiers.add(id);
    }
    const modules = output.flatMap(item => (item.type === 'chunk' ? Object.keys(item.modules) : []));
    problems.push(...unlocked(modules, lockfile));
    if (problems.length > 0) throw new Error(problems.join('; '));
    const sorted = [...specifiers].sort();
    const packages = [...new Set(sorted.map(id => packageOf(id)).filter(name => name !== undefined))];
    const reached = startedBy(output);
    const started = sorted.filter(id => reached.has(id));
    return { files, packages: packages.sort(), importedFrom, specifiers: sorted, started };
  } catch (cause) {
    throw new BuilderError('BUNDLE_FAILED', `the app cannot be bundled: ${reasonOf(cause)}`, {
      hint: 'correct the import, or run "npm install NAME" when a dependency is missing',
      details: { entry, problems },
      cause,
    });
  }
}

/** What the entry imports, and the chunks that it imports, but not what a function of them asks for. */
function startedBy(output: RolldownOutput['output']): ReadonlySet<string> {
  const chunks = output.filter(item => item.type === 'chunk');
  const reached = new Set(chunks.filter(chunk => chunk.isEntry).map(chunk => chunk.fileName));
  // A Set grows while it is walked.
  for (const name of reached) {
    for (const next of chunks.find(chunk => chunk.fileName === name)?.imports ?? []) reached.add(next);
  }
  return reached;
}

/**
 * Specifiers of direct dependencies that stand in the code as plain texts: what `createRequire(…)('ms')`,
 * `require.resolve` or an `import()` of a variable loads. No bundler follows those, and a package too many costs
 * less than a function that fails at its first cold start.
 */
function namedInText(code: string, lockfile: Lockfile): string[] {
  const own = lockfile.entries.get(lockfile.projectLocation);
  const direct = new Set(Object.keys({ ...own?.dependencies, ...own?.optionalDependencies }));
  const texts = code.matchAll(/(["'`])((?:@[\w.~-]+\/)?[\w.~-]+(?:\/[\w.@~/-]+)?)\1/g);
  return [...texts].flatMap(([, , text = '']) => {
    const name = packageOf(text);
    if (name === undefined || !direct.has(name)) return [];
    return resolveEntry(lockfile.entries, lockfile.projectLocation, name)?.link === false ? [text] : [];
  });
}

/** Name of the package that a bare specifier belongs to; undefined for paths, `#internal` and built-ins. */
export function packageOf(specifier: string): string | undefined {
  if (isBuiltin(specifier) || isAbsolute(specifier)) return undefined;
  return /^(@[a-z0-9~-][\w.~-]*\/[\w.~-]+|[a-z0-9~_-][\w.~-]*)(?=\/|$)/i.exec(specifier)?.[0];
}

/** Modules that rolldown found in node_modules though the lockfile does not hold them. */
function unlocked(modules: readonly string[], lockfile: Lockfile): string[] {
  const names = modules
    .map(id => id.replaceAll('\\', '/').split('/node_modules/').slice(1).pop())
    .filter(rest => rest !== undefined)
    .map(rest => packageOf(rest) ?? rest)
    .filter(name => !resolveEntry(lockfile.entries, lockfile.projectLocation, name)?.link);
  return [...new Set(names)].map(
    name =>
      `${name} is installed, but the lockfile does not hold it${lockfile.tree ? ' for production: devDependencies are not packaged' : ''}`,
  );
}

/** The nearest folder above a module that the lockfile knows: the project, a workspace or a linked folder. */
function placeOf(importer: string | undefined, lockfile: Lockfile): string {
  if (importer === undefined || !isAbsolute(importer)) return lockfile.projectLocation;
  let place = relative(lockfile.folder, dirname(importer)).split(sep).join('/');
  while (place !== '' && place !== '..' && !lockfile.entries.has(place))
    place = posix.dirname(place).replace(/^\.$/, '');
  return lockfile.entries.has(place) ? place : lockfile.projectLocation;
}

/** rolldown reports "Build failed with 1 error:", then the error itself with its code in brackets. */
export function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const lines = stripVTControlCharacters(text).split('\n');
  const errors = lines.filter(line => /^\s*\[[A-Z_]+\]/.test(line)).map(line => line.trim());
  return errors.length > 0 ? errors.join('; ') : firstLine(text);
}

function firstLine(text: string): string {
  const plain = stripVTControlCharacters(text);
  return plain.split('\n').find(line => line.trim() !== '') ?? plain;
}
