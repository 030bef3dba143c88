/** Finds the files of packages that stay as they are which anything can really reach. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { modulesPath } from '../../../artifact/layout.ts';
import type { ArtifactFile } from '../file.ts';
import { isLegal } from '../prune.ts';
import type { FormatMemory } from './format.ts';
import { formatOf } from './format.ts';
import type { HazardMemory } from './hazards.ts';
import { hazardsOf } from './hazards.ts';
import { locationOf } from './names.ts';
import type { Way } from './resolve.ts';
import { nodeResolver } from './resolve.ts';
import { quoted, textOf } from './texts.ts';
import { withoutUnderstood } from './understood.ts';

/** A package that is not bundled. */
export interface RawPackage {
  readonly location: string;
  readonly files: readonly ArtifactFile[];
  /** Names of packages that it may load. */
  readonly needs: readonly string[];
  /** The configuration asks for this form, whatever the code does. */
  readonly isAsked: boolean;
}

export interface TraceInput {
  /** Absolute, real path of the folder that holds node_modules. */
  readonly folder: string;
  readonly packages: readonly RawPackage[];
  /** Absolute paths of files that are loaded from outside these packages. */
  readonly roots: readonly string[];
  /** Locations that keep all files → why; more are added. */
  readonly wholes: Map<string, string>;
  /** Files that were looked at before. */
  readonly looked: HazardMemory;
}

/** What is kept of each package, by location. */
export type Traced = ReadonlyMap<string, readonly ArtifactFile[]>;

/**
 * Follows every literal `require`, `import` and relative path in the text, so rather too much than too little. A
 * module that asks where it lies keeps the package's data, and the code that it names. A package with a module of
 * which nobody can tell what it loads stays whole, and so do the main entries of what it needs.
 */
export async function tracePackages(input: TraceInput): Promise<Traced> {
  const { folder, wholes } = input;
  const resolve = await nodeResolver(folder);
  const formats: FormatMemory = new Map();
  const byLocation = new Map(input.packages.map(item => [item.location, item]));
  const pathsOf = new Map(input.packages.map(item => [item.location, absolutePaths(folder, item)]));
  const reached = new Set<string>();
  const reach = (file: string | undefined) => {
    const location = file === undefined ? undefined : locationOf(folder, file);
    if (file !== undefined && pathsOf.get(location ?? '')?.has(file)) reached.add(file);
  };
  const keepWhole = (location: string, reason: string) => {
    if (!wholes.has(location)) wholes.set(location, reason);
    for (const file of pathsOf.get(location)?.keys() ?? []) reached.add(file);
    for (const name of byLocation.get(location)?.needs ?? []) {
      const from = join(folder, location, 'package.json');
      for (const way of ['import', 'require'] as const) reach(resolve(name, from, way));
    }
  };
  for (const [location, reason] of wholes) keepWhole(location, reason);
  input.roots.forEach(reach);
  // A Set grows while it is walked.
  for (const file of reached) {
    if (!isCode(file)) continue;
    const location = locationOf(folder, file) ?? '';
    const text = readFileSync(file, 'utf8');
    for (const { source, ways } of sourcesOf(text)) {
      if (!isBuiltin(source)) for (const way of ways) reach(resolve(source, file, way));
    }
    const item = byLocation.get(location);
    if (item === undefined || wholes.has(location)) continue;
    const hazards = withoutUnderstood(hazardsOf(file, text, formatOf(file, formats), input.looked), file);
    const unknown = hazards.find(hazard => hazard.kind === 'unknown');
    if (unknown && !item.isAsked) keepWhole(location, `${basename(file)}: ${unknown.reason}`);
    else if (hazards.length > 0) {
      for (const path of pathsOf.get(location)?.keys() ?? []) {
        if (isLegal(basename(path))) continue;
        if (!isCode(path) || extname(path) === '' || isNamed(path, text)) reached.add(path);
      }
    }
  }
  return new Map(
    input.packages.map(({ location }) => {
      const paths = pathsOf.get(location) ?? new Map<string, ArtifactFile>();
      const kept = [...paths.keys()].filter(path => reached.has(path));
      const manifests = new Set(kept.flatMap(path => foldersAbove(path, join(folder, location))));
      const files = [...paths].filter(
        ([path]) => reached.has(path) || (kept.length > 0 && manifests.has(path)),
      );
      return [location, files.map(([, file]) => file)];
    }),
  );
}

function absolutePaths(folder: string, { files }: RawPackage): ReadonlyMap<string, ArtifactFile> {
  return new Map(
    files.map(file => [join(folder, 'node_modules', file.path.slice(modulesPath.length + 1)), file]),
  );
}

function isCode(file: string): boolean {
  return ['.js', '.cjs', '.mjs', ''].includes(extname(file));
}

/** What stands before a text that names a module, and how it is asked for. */
const patterns: readonly { readonly pattern: RegExp; readonly ways: readonly Way[] }[] = [
  {
    pattern: beforeText(String.raw`\brequire\s*(?:\.\s*resolve\s*)?\((?:\s*\/\*.*?\*\/)?\s*`),
    ways: ['require'],
  },
  { pattern: beforeText(String.raw`\bimport\s*\((?:\s*\/\*.*?\*\/)*\s*`), ways: ['import'] },
  { pattern: beforeText(String.raw`\bfrom\s*`), ways: ['import'] },
  { pattern: beforeText(String.raw`\bimport\s*`), ways: ['import'] },
  { pattern: beforeText(String.raw`\bresolve\s*\(\s*`), ways: ['import', 'require'] },
  // `new URL('./worker.js', import.meta.url)`, `fork('./child')` and whatever else is handed a path
  { pattern: beforeText(String.raw`(?=["'\`]\.{1,2}\/)`), ways: ['require', 'import'] },
];

function beforeText(head: string): RegExp {
  return new RegExp(head + quoted, 'g');
}

function sourcesOf(text: string): { source: string; ways: readonly Way[] }[] {
  return patterns.flatMap(({ pattern, ways }) =>
    [...text.matchAll(pattern)].map(([, , source = '']) => ({ source: textOf(source), ways })),
  );
}

/** `path.join(__dirname, 'worker.js')`, `'lib/worker'`: the last part of a path stands in a text. */
function isNamed(path: string, text: string): boolean {
  const name = basename(path);
  const escaped = name.slice(0, name.length - extname(name).length).replace(/[^\w]/g, '\\$&');
  return new RegExp(`["'\`/]${escaped}(?:${extname(name).replace('.', '\\.')})?["'\`]`).test(text);
}

/** package.json files that decide how Node takes a file: in its folder and in those above, up to the package's own. */
function foldersAbove(path: string, top: string): string[] {
  const found: string[] = [];
  for (let folder = dirname(path); folder.startsWith(top); folder = dirname(folder))
    found.push(join(folder, 'package.json'));
  return found;
}
