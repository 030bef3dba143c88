/** Links CommonJS modules into few files: those of one entry lie in its file, those of several in a shared one. */
import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, posix, relative, sep } from 'node:path';
import { amendText, planEdits } from './amend.ts';
import type { BundleChunk, BundleEntry, BundleState } from './bundle.ts';
import type { ChunkModule } from './chunks.ts';
import { planChunks } from './chunks.ts';
import type { ReadModule } from './commonjs.ts';
import { emptyModule, moduleReader } from './commonjs.ts';
import { formatOf } from './format.ts';
import { isJson, readJsonText } from './json.ts';
import type { SourceMap } from './maps.ts';
import { joinMaps } from './maps.ts';
import { dataPath, isAscii, latePath, locationOf, startPath } from './names.ts';
import type { Placement, Printed, PrintedModule } from './print.ts';
import { printEntry, printGroup, printShared, printStart } from './print.ts';
import { nodeResolver } from './resolve.ts';

/** Bytes from which JSON stays a file: inside a chunk, Node and V8's cache would each hold the text once more. */
const largeData = 8192;

export interface Linked {
  readonly chunks: readonly BundleChunk[];
  /** Id of each module in the bundle, by file. */
  readonly ids: ReadonlyMap<string, number>;
}

export function sharedPath(artifact: string): string {
  return `.chunks/${artifact}.cjs`;
}

/** `doors` are files that ES modules load from the shared file; `facades` those that they import by a name of their own. */
export async function linkCommonJs(
  state: BundleState,
  entries: readonly BundleEntry[],
  facades: readonly BundleEntry[],
  doors: readonly string[],
): Promise<Linked> {
  const graph = await readGraph(state, [...entries, ...facades].map(entry => entry.file).concat(doors));
  if (state.hazards.size > 0) return { chunks: [], ids: new Map() };
  const { ids } = graph;
  const idOf = (file: string) => ids.get(file) ?? -1;
  const inner = [...facades.map(entry => entry.file), ...doors].map(idOf);
  const plan = planChunks(
    graph.modules,
    entries.map(entry => idOf(entry.file)),
    inner,
    new Set([...state.started].map(idOf)),
  );
  const shared = sharedPath(state.artifact);
  const groups = [
    ...plan.groups.map((members, index) => ({ members, path: `.chunks/${state.artifact}-${index}.cjs` })),
    ...plan.late.map((members, index) => ({ members, path: latePath(state.artifact, index) })),
  ];
  const start = { members: plan.start, path: startPath(state.artifact) };
  const isShared = plan.shared.length + plan.start.length + groups.length > 0;
  const chunk = (
    path: string,
    members: readonly number[],
    printed: (own: PrintedModule[]) => Printed,
  ): BundleChunk => {
    const { code, placements } = printed(members.map(id => printable(graph, id, path, state)));
    return { path, code, shares: sharesOf(graph, members, state), map: mapOf(graph, placements, state) };
  };
  const from = (path: string, target: string) => dotted(posix.relative(posix.dirname(path), target));
  const entryChunk = ({ name, file }: BundleEntry, members: readonly number[]): BundleChunk => {
    const path = `${name}.cjs`;
    const other = isShared ? from(path, shared) : undefined;
    return chunk(path, members, own => printEntry(own, idOf(file), other));
  };
  const started = plan.start.length > 0 ? [chunk(start.path, start.members, printStart)] : [];
  const apart = new Map([...groups, start].map(({ members, path }) => [from(shared, path), members]));
  const script = started.map(({ code }) => ({ path: from(shared, start.path), isAscii: isAscii(code) }))[0];
  const chunks = [
    ...entries.map((entry, index) => entryChunk(entry, plan.own[index] ?? [])),
    ...facades.map(entry => entryChunk(entry, [])),
    ...(isShared ? [chunk(shared, plan.shared, own => printShared(own, apart, script))] : []),
    ...started,
    ...groups.map(({ members, path }) => chunk(path, members, own => printGroup(own, from(path, shared)))),
  ];
  return { chunks, ids };
}

interface Graph {
  readonly ids: Map<string, number>;
  readonly modules: Map<
    number,
    ChunkModule & { readonly read: ReadModule; readonly targets: ReadonlyMap<string, Target> }
  >;
}

/** What a source leads to: a module of the bundle or a file that stays one. */
type Target = { readonly kind: 'module' | 'file'; readonly file: string };

async function readGraph(state: BundleState, roots: readonly string[]): Promise<Graph> {
  const read = await moduleReader(state.modules, state.memory, state.looked, state.sourceMaps);
  const resolve = await nodeResolver(state.folder);
  const ids = new Map<string, number>();
  const modules: Graph['modules'] = new Map();
  const idOf = (file: string) => {
    const id = ids.get(file) ?? ids.size;
    ids.set(file, id);
    return id;
  };
  roots.forEach(idOf);
  // A Map grows while it is walked.
  for (const [file, id] of ids) {
    const module = read(file);
    const location = locationOf(state.folder, file) ?? '';
    const blame = (reason: string) => {
      if (!state.hazards.has(location)) state.hazards.set(location, reason);
    };
    if (module.hazard !== undefined) blame(module.hazard);
    for (const source of module.imports) {
      const target = resolve(source, file, 'import');
      if (target === undefined) continue;
      // Below another package it cannot be found by its name from here.
      const isNested = locationOf(state.folder, target)?.includes('node_modules/', 1);
      if (isRaw(state, target) && !isNested) state.outside.add(target);
      else blame(`${basename(file)}: it imports a module from CommonJS`);
    }
    const targets = new Map<string, Target>();
    for (const source of module.requires) {
      const target = isBuiltin(source) ? undefined : resolve(source, file, 'require');
      // `try { require('optional') } catch {}` fails at run time as it does now.
      if (target === undefined) continue;
      if (isRaw(state, target)) {
        state.outside.add(target);
        // Below another package it cannot be found by its name from here, but its file can.
        if (locationOf(state.folder, target)?.includes('node_modules/', 1))
          targets.set(source, { kind: 'file', file: target });
        continue;
      }
      const format = formatOf(target, state.memory);
      if (format === 'native' || format === 'other') blame(`it loads ${basename(target)}`);
      else if (format === 'esm') blame('it loads an ES module from CommonJS');
      else if (format === 'json' && statSync(target).size > largeData && isJson(target) && !ids.has(target)) {
        state.data.set(target, dataPath(state.artifact, state.folder, target));
        targets.set(source, { kind: 'file', file: target });
      } else {
        idOf(target);
        targets.set(source, { kind: 'module', file: target });
      }
    }
    const needs = [...targets.values()]
      .filter(({ kind }) => kind === 'module')
      .map(target => idOf(target.file));
    modules.set(id, {
      id,
      size: module.code.length,
      needs,
      isEarly: state.early.has(file),
      read: module,
      targets,
    });
  }
  amendData(state, { ids, modules });
  return { ids, modules };
}

/** A JSON file that differs little from another of its name becomes a module that makes it from that one. */
function amendData(state: BundleState, { ids, modules }: Graph): void {
  const bases: { readonly file: string; readonly value: unknown }[] = [];
  for (const file of [...state.data.keys()].sort()) {
    const value: unknown = JSON.parse(readJsonText(file));
    const [found] = bases.flatMap(base => {
      const edits = basename(base.file) === basename(file) ? planEdits(base.value, value) : undefined;
      return edits === undefined ? [] : [{ base: base.file, code: amendText(edits) }];
    });
    if (found === undefined) bases.push({ file, value });
    else {
      const id = ids.size;
      ids.set(file, id);
      state.data.delete(file);
      const read = { ...emptyModule(file, 'json'), code: found.code };
      const targets = new Map<string, Target>([['base', { kind: 'file', file: found.base }]]);
      const isEarly = state.early.has(file);
      modules.set(id, { id, size: read.code.length, needs: [], isEarly, read, targets });
      for (const [user, module] of modules) {
        if (![...module.targets.values()].some(target => target.file === file)) continue;
        const own = [...module.targets].map(([source, target]): [string, Target] => {
          return [source, target.file === file ? { kind: 'module', file } : target];
        });
        modules.set(user, { ...module, needs: [...module.needs, id], targets: new Map(own) });
      }
    }
  }
}

function isRaw(state: BundleState, file: string): boolean {
  const location = locationOf(state.folder, file);
  return location === undefined || state.raw.has(location);
}

function printable({ ids, modules }: Graph, id: number, path: string, state: BundleState): PrintedModule {
  const module = modules.get(id);
  const needs = [...(module?.targets ?? [])].map(([source, { kind, file }]): [string, number | string] => {
    if (kind === 'module') return [source, ids.get(file) ?? -1];
    const own = relative(join(state.folder, 'node_modules'), file).split(sep).join('/');
    return [source, dotted(posix.relative(posix.dirname(path), state.data.get(file) ?? own))];
  });
  return { id, code: module?.read.code ?? '', isEarly: module?.isEarly ?? false, needs: new Map(needs) };
}

function sharesOf(graph: Graph, members: readonly number[], state: BundleState): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const id of members) {
    const module = graph.modules.get(id);
    const location = locationOf(state.folder, module?.read.file ?? '') ?? '';
    shares.set(location, (shares.get(location) ?? 0) + (module?.size ?? 0));
  }
  return shares;
}

function mapOf(graph: Graph, placements: readonly Placement[], state: BundleState): SourceMap | undefined {
  if (!state.sourceMaps) return undefined;
  const pieces = placements.flatMap(({ id, line, column }) => {
    const map = graph.modules.get(id)?.read.map;
    return map === undefined ? [] : [{ map, line, column }];
  });
  return joinMaps(pieces);
}

function dotted(path: string): string {
  return path.startsWith('.') ? path : `./${path}`;
}
