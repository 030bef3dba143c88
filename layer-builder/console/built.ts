/** The bytes that the last build left: an object that somebody broke can be put back from them. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Path of the artifact of this key; undefined when the last build made others. */
export function builtFile(project: string, key: string): string | undefined {
  const folder = path.join(project, '.layer-builder/artifacts');
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find(file => file.endsWith(`-${path.basename(key)}`));
  return name && path.join(folder, name);
}
