/** What an interrupted publish was told, so that `publish --resume` need not be told again. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { GoalOptions } from './goal.ts';
import { writeAtomically } from './lock.ts';

/** What was done is not in it: the lock and AWS itself know, and they cannot be out of date. */
function journalPath(project: string): string {
  return path.join(project, '.layer-builder', 'publish.json');
}

export function beginJournal(project: string, options: GoalOptions) {
  const { bucket, regions, layerName, storage, share, channel, code } = options;
  const file = journalPath(project);
  mkdirSync(path.dirname(file), { recursive: true });
  writeAtomically(
    file,
    `${JSON.stringify({ bucket, regions, layerName, storage, share, channel, code }, null, 2)}\n`,
  );
}

export function endJournal(project: string) {
  rmSync(journalPath(project), { force: true });
}

/** The options of the publish that did not end; none when there is none. */
export function readJournal(project: string): GoalOptions {
  const file = journalPath(project);
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Written whole or not at all, so somebody else's file: as good as none.
    return {};
  }
}
