/** Puts the files of all three forms together as they will lie in the artifact. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesPath } from '../../../artifact/layout.ts';
import { packageOf } from '../../read/bundle.ts';
import type { ArtifactFile } from '../file.ts';
import { fileOf } from '../file.ts';
import { annotateNames } from './annotate.ts';
import type { BundleResult } from './bundle.ts';
import { ways } from './judge.ts';
import type { CompactExport } from './manifest.ts';
import { compactManifest } from './manifest.ts';
import type { SourceMap } from './maps.ts';
import type { Probe } from './probe.ts';
import type { Traced } from './trace.ts';

export interface Assembled {
  readonly files: readonly ArtifactFile[];
  /** Path in the zip → location of each package in the file → bytes of it, about. */
  readonly owners: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Source maps of bundled files, by path in the zip; none unless asked for. */
  readonly maps: readonly { readonly path: string; readonly map: SourceMap }[];
}

export interface AssembleInput {
  readonly bundle: BundleResult;
  /** CommonJS file → the names that it must tell. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly kept: Traced;
  /** Those that the bundle answers. */
  readonly specifiers: readonly string[];
  readonly original: Probe;
  readonly folder: string;
}

export function assembleFiles(input: AssembleInput): Assembled {
  const { bundle, kept, folder } = input;
  const owned: [ArtifactFile, ReadonlyMap<string, number>][] = [
    ...[...kept].flatMap(([location, files]) =>
      files.map((file): [ArtifactFile, ReadonlyMap<string, number>] => [
        file,
        new Map([[location, file.size]]),
      ]),
    ),
    ...chunkFiles(bundle, input.names),
    ...manifestFiles(input),
  ];
  const maps = bundle.chunks.flatMap(({ path, map }) =>
    map === undefined ? [] : [{ path: `${modulesPath}/${path}`, map: fromModules(map, folder) }],
  );
  return {
    files: owned.map(([file]) => file),
    owners: new Map(owned.map(([file, by]) => [file.path, by])),
    maps,
  };
}

function chunkFiles(
  bundle: BundleResult,
  names: AssembleInput['names'],
): [ArtifactFile, ReadonlyMap<string, number>][] {
  const fileByPlace = new Map([...bundle.places].map(([file, place]) => [place, file]));
  return bundle.chunks.map(chunk => {
    const code = annotateNames(chunk.code, names.get(fileByPlace.get(chunk.path) ?? '') ?? []);
    return [fileOf(`${modulesPath}/${chunk.path}`, code), chunk.shares];
  });
}

function manifestFiles({
  specifiers,
  original,
  folder,
  bundle,
}: AssembleInput): [ArtifactFile, ReadonlyMap<string, number>][] {
  const byPackage = new Map<string, CompactExport[]>();
  for (const specifier of specifiers) {
    const name = packageOf(specifier) ?? specifier;
    const [byImport, byRequire] = ways(original, specifier).map(({ file, shape }) => {
      const place = shape === undefined ? undefined : bundle.places.get(file ?? '');
      return place?.slice(name.length + 1);
    });
    const subpath = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
    byPackage.set(name, [...(byPackage.get(name) ?? []), { subpath, import: byImport, require: byRequire }]);
  }
  return [...byPackage].map(([name, entries]) => {
    const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
    const file = fileOf(`${modulesPath}/${name}/package.json`, compactManifest(JSON.parse(text), entries));
    return [file, new Map([[`node_modules/${name}`, file.size]])];
  });
}

/** Sources named from node_modules, so that a map does not tell where it was made. */
function fromModules(map: SourceMap, folder: string): SourceMap {
  const sources = map.sources.map(source =>
    source.startsWith(`${folder}/`) ? source.slice(folder.length + 1) : source.replace(/^.*\0/, ''),
  );
  return { ...map, sources };
}
