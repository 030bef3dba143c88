/** Names made from the configuration's templates. Pure. */
import type { Architecture, Runtime } from '../../artifact/lock.ts';

export interface LayerNameFacts {
  readonly service: string;
  readonly artifact: string;
  readonly architecture: Architecture;
  readonly runtime: Runtime;
}

/** Fills `{service}`, `{artifact}`, `{architecture}` and `{runtime}`; a layer's name takes no dot. */
export function layerName(template: string, facts: LayerNameFacts): string {
  const values: Record<string, string> = { ...facts, runtime: facts.runtime.replace('.', '') };
  return template.replace(
    /\{(service|artifact|architecture|runtime)\}/g,
    (_, word: string) => values[word] ?? '',
  );
}

/** The prefix of the configuration as the folder it is in keys: nothing, or with one slash at its end. */
export function folderOf(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
