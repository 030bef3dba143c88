/** The files that specifiers lead to, and the names that CommonJS ones export. */
import { packageOf } from '../../read/bundle.ts';
import type { TargetNode } from '../node.ts';
import type { BundleEntry } from './bundle.ts';
import { ways } from './judge.ts';
import type { Probe } from './probe.ts';
import { probePackages } from './probe.ts';

/** One entry for each file that a specifier leads to; CommonJS packages have one for both ways of loading. */
export function entriesOf(specifiers: readonly string[], original: Probe): BundleEntry[] {
  const byFile = new Map<string, string>();
  for (const specifier of specifiers) {
    const name = packageOf(specifier) ?? specifier;
    const inner = specifier.slice(name.length + 1) || 'index';
    for (const { file, shape } of ways(original, specifier)) {
      if (file !== undefined && shape !== undefined && !byFile.has(file))
        byFile.set(file, `${name}/${inner}`);
    }
  }
  return [...byFile].map(([file, name]) => ({ file, name }));
}

/** Export names of the CommonJS files that `import` leads to; most were told when they were loaded from the install. */
export async function readNames(
  commonJs: readonly string[],
  specifiers: readonly string[],
  original: Probe,
  input: {
    readonly root: string;
    readonly work: string;
    readonly node: TargetNode;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const names = new Map<string, readonly string[]>();
  const add = (file: string, shape: unknown) => {
    const { keys } = (shape ?? {}) as { readonly keys?: object };
    if (shape !== undefined) names.set(file, Object.keys(keys ?? {}));
  };
  for (const specifier of specifiers) {
    const [{ file = '', shape }] = ways(original, specifier);
    add(file, shape);
  }
  const files = commonJs.filter(file => !names.has(file));
  if (files.length === 0) return names;
  const probe = await probePackages({ root: input.root, specifiers: [], files }, input.work, input);
  for (const file of files) add(file, probe?.files[file]?.shape);
  return probe && names;
}
