/** Lays files out on disk as they will lie in the artifact, so that they can be loaded before they are packed. */
import { copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArtifactFile } from '../file.ts';

/** Files of an install are linked, not copied: the same disk holds both. */
export function stageFiles(files: readonly ArtifactFile[], into: string): void {
  const made = new Set<string>();
  for (const { path, content } of files) {
    const target = join(into, path);
    const folder = dirname(target);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    if (typeof content !== 'string') writeFileSync(target, content);
    else {
      try {
        linkSync(content, target);
      } catch {
        copyFileSync(content, target);
      }
    }
  }
}
