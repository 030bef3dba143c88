/**
 * Bundles packages of an install into few files with rolldown, in two graphs, as Node itself has two.
 *
 * CommonJS modules become `.cjs` chunks and ES modules `.mjs` chunks; where an ES module imports a CommonJS one,
 * its chunk imports the `.cjs` file. So sloppy code never becomes strict, `require` works where it worked before,
 * and each CommonJS module exists once, however it is reached.
 */
import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { OutputChunk, Plugin } from 'rolldown';
import { sha256Hex } from '../../../artifact/digest.ts';
import { quietBuiltins } from '../quiet-builtins.ts';
import type { FormatMemory } from './format.ts';
import { formatOf } from './format.ts';
import { findHazard } from './hazards.ts';

/** A file that must be loadable by itself, under a name without extension, e.g. `koa/index`. */
export interface BundleEntry {
  readonly name: string;
  readonly file: string;
}

export interface BundleInput {
  /** Absolute, real path of the folder that holds node_modules. */
  readonly folder: string;
  readonly artifact: string;
  readonly entries: readonly BundleEntry[];
  /** Locations of packages that stay as they are: imported by name, never inlined. */
  readonly raw: ReadonlySet<string>;
}

export interface BundleChunk {
  /** Path below node_modules. */
  readonly path: string;
  readonly code: string;
}

export interface BundleResult {
  readonly chunks: readonly BundleChunk[];
  /** Entry file → path below node_modules of the chunk that answers for it. */
  readonly places: ReadonlyMap<string, string>;
  /** CommonJS files that a chunk of an ES module imports by name, and so must tell their export names. */
  readonly commonJs: readonly string[];
  /** Location of a package → why it cannot be bundled. Not empty: the other fields are not to be used. */
  readonly hazards: ReadonlyMap<string, string>;
}

/** Bytes from which JSON stays a file: inside a chunk, Node and V8's cache would each hold the text once more. */
const largeData = 8192;

/** Prefix of a file's absolute path where the relative one is not known yet. */
const token = 'layer-builder-file:';

export async function bundlePackages(input: BundleInput): Promise<BundleResult> {
  const state: State = {
    ...input,
    memory: new Map(),
    hazards: new Map(),
    boundary: new Set(),
    data: new Map(),
  };
  const isEsm = (entry: BundleEntry) => formatOf(entry.file, state.memory) === 'esm';
  const esm = await bundleGraph(state, input.entries.filter(isEsm), 'esm');
  const named = input.entries.filter(entry => !isEsm(entry));
  const files = new Set(named.map(entry => entry.file));
  const inner = [...state.boundary].filter(file => !files.has(file)).sort();
  const entries = [
    ...named,
    ...inner.map((file, index) => ({ file, name: `.chunks/${input.artifact}-${index}-${stem(file)}` })),
  ];
  const commonJs = await bundleGraph(state, entries, 'cjs');
  const places = new Map([...esm.places, ...commonJs.places, ...state.data]);
  const chunks = [...commonJs.chunks, ...esm.chunks].map(chunk => linkFiles(chunk, state, places));
  // Two copies of one package may bring the same data: it is kept once.
  const data = new Map([...state.data].map(([file, path]) => [path, file]));
  for (const [path, file] of data) {
    chunks.push({ path, code: JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) });
  }
  return {
    chunks,
    places,
    commonJs: entries.map(entry => entry.file),
    hazards: state.hazards,
  };
}

interface State extends BundleInput {
  readonly memory: FormatMemory;
  readonly hazards: Map<string, string>;
  /** CommonJS files that ES modules import. */
  readonly boundary: Set<string>;
  /** Large JSON files → where they go below node_modules. */
  readonly data: Map<string, string>;
}

interface Graph {
  readonly chunks: BundleChunk[];
  readonly places: Map<string, string>;
}

async function bundleGraph(
  state: State,
  entries: readonly BundleEntry[],
  format: 'esm' | 'cjs',
): Promise<Graph> {
  const extension = format === 'esm' ? 'mjs' : 'cjs';
  if (entries.length === 0) return { chunks: [], places: new Map() };
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
      plugins: [...(format === 'esm' ? [quietBuiltins()] : []), nodeRules(state, format)],
    });
    const { output } = await bundle.generate({
      format,
      exports: 'auto',
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `.chunks/${state.artifact}-[name]-[hash].${extension}`,
      sanitizeFileName: false,
      keepNames: true,
      comments: false,
      ...(format === 'cjs' ? { codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] } } : {}),
      // Renamed, the `exports` of an inner module is no longer taken for the file's own by Node's lexer.
      minify: { compress: false, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
    });
    await bundle.close();
    const chunks = output.filter(item => item.type === 'chunk');
    for (const id of chunks.flatMap(chunk => Object.keys(chunk.modules))) {
      if (!id.startsWith('\0')) inspect(state, id);
    }
    return {
      chunks: chunks.map(({ fileName, code }) => ({ path: fileName, code })),
      places: new Map(chunks.flatMap(placed)),
    };
  } catch (error) {
    blame(state, error, entries);
    return { chunks: [], places: new Map() };
  }
}

function placed(chunk: OutputChunk): [string, string][] {
  return chunk.isEntry && chunk.facadeModuleId ? [[chunk.facadeModuleId, chunk.fileName]] : [];
}

/** Decides for each import what Node would do with it. */
function nodeRules(state: State, format: 'esm' | 'cjs'): Plugin {
  return {
    name: 'node-rules',
    async resolveId(source, importer, { kind }) {
      if (isBuiltin(source)) return { id: source, external: true };
      const resolved = await this.resolve(source, importer, { kind, skipSelf: true });
      // `try { require('optional') } catch {}` fails at run time as it does now.
      if (!resolved || resolved.external) return { id: source, external: true };
      const file = resolved.id;
      const location = locationOf(state.folder, file);
      if (location !== undefined && state.raw.has(location)) {
        // Below another package it cannot be found by its name from here, but its file can.
        return { id: location.includes('node_modules/', 1) ? token + file : source, external: true };
      }
      const target = formatOf(file, state.memory);
      if (target === 'native' || target === 'other') {
        state.hazards.set(location ?? '', `it loads ${posix.basename(file)}`);
        return { id: source, external: true };
      }
      if (format === 'cjs' && target === 'json' && statSync(file).size > largeData) {
        state.data.set(file, `.chunks/${state.artifact}-${dataName(file)}`);
        return { id: token + file, external: true };
      }
      if (format === 'esm' && target === 'commonjs') {
        state.boundary.add(file);
        return { id: token + file, external: true };
      }
      if (format === 'cjs' && target === 'esm') {
        const from = importer === undefined ? undefined : locationOf(state.folder, importer);
        state.hazards.set(from ?? location ?? '', 'it loads an ES module from CommonJS');
        return { id: source, external: true };
      }
      return resolved;
    },
  };
}

/** Reads each bundled module once for what it must not do. */
function inspect(state: State, id: string): void {
  const location = locationOf(state.folder, id);
  if (location === undefined || state.hazards.has(location)) return;
  const hazard = findHazard(readFileSync(id, 'utf8'), formatOf(id, state.memory));
  if (hazard !== undefined) state.hazards.set(location, `${posix.basename(id)}: ${hazard}`);
}

/** rolldown names the module that it cannot bundle; without a name all entries are to blame. */
function blame(state: State, error: unknown, entries: readonly BundleEntry[]): void {
  const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  const reason = `rolldown cannot bundle it: ${text.split('\n').find(line => line.startsWith('[')) ?? text.split('\n')[0]}`;
  const named = /node_modules\/[^\s:'"\]]+/.exec(text)?.[0];
  const location = named === undefined ? undefined : locationOf(state.folder, `${state.folder}/${named}`);
  const guilty =
    location === undefined ? entries.map(entry => locationOf(state.folder, entry.file)) : [location];
  for (const item of guilty) if (item !== undefined) state.hazards.set(item, reason);
}

/** Location of the package that a file belongs to, e.g. `node_modules/koa`. */
export function locationOf(folder: string, file: string): string | undefined {
  const path = relative(folder, file).split(sep).join('/');
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

/** Puts relative paths in place of tokens: of the chunk that answers for a file, or of the file itself. */
function linkFiles(chunk: BundleChunk, state: State, places: ReadonlyMap<string, string>): BundleChunk {
  const pattern = new RegExp(`(["'\`])${token}(.*?)\\1`, 'g');
  const code = chunk.code.replaceAll(pattern, (_whole, quote: string, file: string) => {
    const own = relative(join(state.folder, 'node_modules'), file).split(sep).join('/');
    const path = posix.relative(posix.dirname(chunk.path), places.get(file) ?? own);
    return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
  });
  return { path: chunk.path, code };
}

/** Two files of one name must not meet, and the name must not change with the place of the install. */
function dataName(file: string): string {
  return `${stem(file)}-${sha256Hex(readFileSync(file)).slice(0, 8)}.json`;
}

function stem(file: string): string {
  return posix
    .basename(file)
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w-]/g, '_');
}
