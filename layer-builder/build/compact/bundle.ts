/**
 * Bundles packages of an install into few files, in two graphs, as Node itself has two.
 *
 * CommonJS modules become `.cjs` files (link.ts) and ES modules `.mjs` chunks of rolldown; where an ES module imports
 * a CommonJS one, its chunk takes it from the `.cjs` file. So sloppy code never becomes strict, `require` works where
 * it worked before, and each CommonJS module exists once, however it is reached.
 */
import type { ModuleMemory } from './commonjs.ts';
import { bundleEsm, withoutNameHelper } from './esm.ts';
import type { FormatMemory } from './format.ts';
import { formatOf } from './format.ts';
import type { HazardMemory } from './hazards.ts';
import { compactJson, readJsonText } from './json.ts';
import { linkCommonJs } from './link.ts';
import type { SourceMap } from './maps.ts';
import { locationOf, stem } from './names.ts';
import { linkFiles } from './tokens.ts';

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
  /** CommonJS files that run when the entries are loaded; others may later. */
  readonly early: ReadonlySet<string>;
  /** Files that every start of the app loads. */
  readonly started: ReadonlySet<string>;
  /** CommonJS modules that were read before. */
  readonly modules: ModuleMemory;
  /** Files that were looked at before. */
  readonly looked: HazardMemory;
  /** Whether each chunk brings its source map. */
  readonly sourceMaps: boolean;
}

export interface BundleChunk {
  /** Path below node_modules. */
  readonly path: string;
  readonly code: string;
  /** Location of a package → how many bytes of the code are its own, about. */
  readonly shares: ReadonlyMap<string, number>;
  readonly map?: SourceMap | undefined;
}

export interface BundleResult {
  readonly chunks: readonly BundleChunk[];
  /** Entry file → path below node_modules of the chunk that answers for it. */
  readonly places: ReadonlyMap<string, string>;
  /** CommonJS files that a chunk of an ES module imports by name, and so must tell their export names. */
  readonly commonJs: readonly string[];
  /** Files of packages that stay as they are, which the bundle loads. */
  readonly outside: readonly string[];
  /** Location of a package → why it cannot be bundled. Not empty: the other fields are not to be used. */
  readonly hazards: ReadonlyMap<string, string>;
}

/** What both graphs find out while they are made. */
export interface BundleState extends BundleInput {
  readonly memory: FormatMemory;
  readonly hazards: Map<string, string>;
  /** CommonJS files that ES modules import under a name of their own, because they take all of it. */
  readonly facades: Set<string>;
  /** Entries in CommonJS that ES modules import. */
  readonly taken: Set<string>;
  /** CommonJS files that ES modules take from the shared file. */
  readonly doors: Set<string>;
  /** Files of packages that stay as they are, which either graph loads. */
  readonly outside: Set<string>;
  /** Large JSON files → where they go below node_modules. */
  readonly data: Map<string, string>;
}

export async function bundlePackages(input: BundleInput): Promise<BundleResult> {
  const state: BundleState = {
    ...input,
    memory: new Map(),
    hazards: new Map(),
    facades: new Set(),
    taken: new Set(),
    doors: new Set(),
    outside: new Set(),
    data: new Map(),
  };
  const isEsm = (entry: BundleEntry) => formatOf(entry.file, state.memory) === 'esm';
  const named = input.entries.filter(entry => !isEsm(entry));
  const files = new Set(named.map(entry => entry.file));
  const esm = await bundleEsm(state, input.entries.filter(isEsm), files);
  const facades = [...state.facades]
    .sort()
    .map((file, index) => ({ file, name: `.chunks/${input.artifact}-${index}-${stem(file)}` }));
  const doors = [...state.doors].sort();
  const started = new Set([...input.started, ...esm.started]);
  const { chunks: commonJs, ids } = await linkCommonJs({ ...state, started }, named, facades, doors);
  const entries = [...named, ...facades];
  const places = new Map([
    ...esm.places,
    ...entries.map(({ file, name }): [string, string] => [file, `${name}.cjs`]),
    ...state.data,
  ]);
  const chunks = [
    ...commonJs,
    ...withoutNameHelper(esm.chunks).map(chunk => linkFiles(chunk, state, places, ids)),
  ];
  for (const [file, path] of state.data) {
    const code = compactJson(readJsonText(file));
    chunks.push({ path, code, shares: new Map([[locationOf(state.folder, file) ?? '', code.length]]) });
  }
  return {
    chunks,
    places,
    commonJs: [...facades.map(entry => entry.file), ...[...state.taken].sort()],
    outside: [...state.outside],
    hazards: state.hazards,
  };
}
