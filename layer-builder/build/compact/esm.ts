/** Bundles ES modules with rolldown: one chunk for each entry, and chunks for what several share. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { isAbsolute, join, posix, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { OutputChunk, Plugin } from 'rolldown';
import { quietBuiltins } from '../quiet-builtins.ts';
import type { ImportedNames } from './boundary.ts';
import { doorText, importedNames } from './boundary.ts';
import type { BundleChunk, BundleEntry, BundleState } from './bundle.ts';
import { formatOf } from './format.ts';
import { hazardsOf } from './hazards.ts';
import { sharedPath } from './link.ts';
import type { SourceMap } from './maps.ts';
import { shiftMap } from './maps.ts';
import { locationOf } from './names.ts';
import { idToken, token } from './tokens.ts';

const doorPrefix = '\0layer-builder-door:';

export interface EsmGraph {
  readonly chunks: readonly BundleChunk[];
  readonly places: ReadonlyMap<string, string>;
  /** CommonJS files that are loaded when the entries are which every start loads. */
  readonly started: ReadonlySet<string>;
}

/** Id of a door → the file behind it and what is taken from it. */
type Doors = Map<string, { file: string; names: readonly string[] }>;

/** `commonJs` are entries in that format: they have a file that can be imported by its name. */
export async function bundleEsm(
  state: BundleState,
  entries: readonly BundleEntry[],
  commonJs: ReadonlySet<string>,
): Promise<EsmGraph> {
  const none: EsmGraph = { chunks: [], places: new Map(), started: new Set() };
  if (entries.length === 0) return none;
  const doors: Doors = new Map();
  const { rolldown } = await import('rolldown');
  try {
    const bundle = await rolldown({
      input: Object.fromEntries(entries.map(({ name, file }) => [name, file])),
      cwd: state.folder,
      platform: 'node',
      logLevel: 'silent',
      // Node's own conditions without module-sync, which Lambda's flags switch off; no bundlers' main fields.
      resolve: {
        conditionNames: ['node', 'node-addons'],
        mainFields: ['main'],
        extensions: ['.js', '.json', '.node'],
        symlinks: false,
      },
      treeshake: false,
      preserveEntrySignatures: 'strict',
      plugins: [quietBuiltins(), nodeRules(state, commonJs, doors)],
    });
    const { output } = await bundle.generate({
      format: 'esm',
      // Nothing is written: the maps name their sources as seen from here.
      dir: state.folder,
      exports: 'auto',
      entryFileNames: '[name].mjs',
      chunkFileNames: `.chunks/${state.artifact}-[name]-[hash].mjs`,
      sanitizeFileName: false,
      keepNames: true,
      comments: false,
      charset: 'ascii',
      sourcemap: state.sourceMaps ? 'hidden' : false,
      minify: {
        compress: false,
        mangle: { keepNames: true },
        codegen: { removeWhitespace: true, asciiOnly: true },
      },
    });
    await bundle.close();
    const chunks = output.filter(item => item.type === 'chunk');
    for (const id of chunks.flatMap(chunk => Object.keys(chunk.modules))) {
      if (!id.startsWith('\0')) inspect(state, id);
    }
    return {
      chunks: chunks.map(chunk => ({
        path: chunk.fileName,
        code: chunk.code,
        shares: sharesOf(chunk, state),
        map: chunk.map === null ? undefined : absoluteMap(chunk.map, join(state.folder, chunk.fileName)),
      })),
      places: new Map(chunks.flatMap(placed)),
      started: startedBy(chunks, state, doors),
    };
  } catch (error) {
    blame(state, error, entries);
    return none;
  }
}

function placed(chunk: OutputChunk): [string, string][] {
  return chunk.isEntry && chunk.facadeModuleId ? [[chunk.facadeModuleId, chunk.fileName]] : [];
}

function startedBy(chunks: readonly OutputChunk[], state: BundleState, doors: Doors): ReadonlySet<string> {
  const started = chunks.filter(chunk => state.started.has(chunk.facadeModuleId ?? ''));
  const names = new Set(started.map(chunk => chunk.fileName));
  const files = new Set<string>();
  // A Set grows while it is walked.
  for (const name of names) {
    const chunk = chunks.find(({ fileName }) => fileName === name);
    for (const id of chunk?.moduleIds ?? []) files.add(doors.get(id)?.file ?? '');
    for (const id of chunk?.imports ?? []) {
      if (id.startsWith(token)) files.add(id.slice(token.length));
      else names.add(id);
    }
  }
  return files;
}

/** Decides for each import what Node would do with it. */
function nodeRules(state: BundleState, commonJs: ReadonlySet<string>, doors: Doors): Plugin {
  const names = new Map<string, ImportedNames>();
  const shared = token + sharedPath(state.artifact);
  return {
    name: 'node-rules',
    transform(code, id) {
      names.set(id, importedNames(code));
      return null;
    },
    async resolveId(source, importer, { kind }) {
      if (isBuiltin(source) || source === shared) return { id: source, external: true };
      const resolved = await this.resolve(source, importer, { kind, skipSelf: true });
      if (!resolved || resolved.external) return { id: source, external: true };
      const file = resolved.id;
      // Found above the install, in the project's own node_modules: the function will not have it.
      if (isAbsolute(file) && !file.startsWith(state.folder + sep)) return { id: source, external: true };
      const location = locationOf(state.folder, file);
      if (location !== undefined && state.raw.has(location)) {
        state.outside.add(file);
        // Below another package it cannot be found by its name from here, but its file can.
        return { id: location.includes('node_modules/', 1) ? token + file : source, external: true };
      }
      const target = formatOf(file, state.memory);
      if (target === 'native' || target === 'other') {
        state.hazards.set(location ?? '', `it loads ${posix.basename(file)}`);
        return { id: source, external: true };
      }
      if (target !== 'commonjs') return resolved;
      const taken = kind === 'import-statement' ? names.get(importer ?? '')?.get(source) : undefined;
      if (taken === undefined || commonJs.has(file)) {
        (commonJs.has(file) ? state.taken : state.facades).add(file);
        return { id: token + file, external: true };
      }
      state.doors.add(file);
      const id = `${doorPrefix}${importer} ${source}`;
      doors.set(id, { file, names: taken });
      return id;
    },
    load(id) {
      const door = doors.get(id);
      return door === undefined ? null : doorText(shared, idToken + door.file, door.names);
    },
  };
}

/** Reads each bundled module once for what it must not do. */
function inspect(state: BundleState, id: string): void {
  const location = locationOf(state.folder, id);
  if (location === undefined || state.hazards.has(location)) return;
  const [hazard] = hazardsOf(id, readFileSync(id, 'utf8'), formatOf(id, state.memory), state.looked);
  if (hazard !== undefined) state.hazards.set(location, `${posix.basename(id)}: ${hazard.reason}`);
}

/** rolldown names the module that it cannot bundle; without a name all entries are to blame. */
function blame(state: BundleState, error: unknown, entries: readonly BundleEntry[]): void {
  const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  const reason = `rolldown cannot bundle it: ${text.split('\n').find(line => line.startsWith('[')) ?? text.split('\n')[0]}`;
  const named = /node_modules\/[^\s:'"\]]+/.exec(text)?.[0];
  const location = named === undefined ? undefined : locationOf(state.folder, `${state.folder}/${named}`);
  const guilty =
    location === undefined ? entries.map(entry => locationOf(state.folder, entry.file)) : [location];
  for (const item of guilty) if (item !== undefined) state.hazards.set(item, reason);
}

/** rolldown tells the length of each module before it is minified: its share of the chunk is about the same. */
function sharesOf(chunk: OutputChunk, state: BundleState): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
    const location = id.startsWith('\0') ? undefined : locationOf(state.folder, id);
    if (location !== undefined) lengths.set(location, (lengths.get(location) ?? 0) + renderedLength);
  }
  const total = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  const scale = total === 0 ? 0 : chunk.code.length / total;
  return new Map([...lengths].map(([location, length]) => [location, Math.round(length * scale)]));
}

/** rolldown names sources from where the chunk would lie; they are wanted from where they are. */
function absoluteMap(map: SourceMap, chunk: string): SourceMap {
  const { version, names, mappings, sourcesContent } = map;
  const sources = map.sources.map(source => join(chunk, '..', source));
  return { version, sources, ...(sourcesContent === undefined ? {} : { sourcesContent }), names, mappings };
}

const nameHelper = /^import\{(\w+) as (\w+)\}from"[^"]*rolldown-runtime[^"]*";/;

/**
 * Several chunks share rolldown's helpers in a file of their own. Most need only the one that keeps the names of
 * functions: it is shorter than reading a file.
 */
export function withoutNameHelper(chunks: readonly BundleChunk[]): readonly BundleChunk[] {
  const runtime = chunks.find(({ path }) => path.includes('rolldown-runtime'));
  if (runtime === undefined || !/export\{__name as \w+\};?\s*$/.test(runtime.code)) return chunks;
  return chunks
    .filter(chunk => chunk !== runtime)
    .map(chunk => {
      const code = chunk.code
        .replace(
          nameHelper,
          (_whole, _from, own) =>
            `const ${own}=(value,name)=>Object.defineProperty(value,"name",{value:name,configurable:true});`,
        )
        .replace(/^import"[^"]*rolldown-runtime[^"]*";/, '');
      const by = code.length - chunk.code.length;
      return { ...chunk, code, map: chunk.map && shiftMap(chunk.map, [{ line: 0, column: -1, by }]) };
    });
}
