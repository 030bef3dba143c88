/** Resolves a lock and runs the rows of the resolution contract in the app it is pointed to. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../../handler/environment.ts';
import { resolveDependencies } from '../../handler/loader.ts';
import { checkLock } from '../../handler/lock.ts';

export interface RowsReport {
  readonly sources: Readonly<Record<string, string>>;
  readonly results: Readonly<Record<string, string>>;
  readonly version: string;
}

export async function runRows(lockFile: string, appFile: string): Promise<RowsReport> {
  const lock = checkLock(readFileSync(lockFile, 'utf8'));
  const { artifacts } = await resolveDependencies(lock, readSettings(process.env));
  const roots = artifacts.map(({ root }) => `${root}/nodejs/node_modules/`);
  const show = (place: string): string => {
    const file = place.startsWith('file:') ? fileURLToPath(place) : place;
    const root = roots.find(folder => file.startsWith(folder));
    return root === undefined ? `outside: ${file}` : file.slice(root.length);
  };
  const app: { rows(show: (place: string) => string): Record<string, () => unknown> } = await import(appFile);
  const results: Record<string, string> = {};
  for (const [title, row] of Object.entries(app.rows(show))) {
    try {
      results[title] = String(await row());
    } catch (error) {
      results[title] = `FAILED: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`;
    }
  }
  const sources = Object.fromEntries(artifacts.map(({ name, source }) => [name, source]));
  return { sources, results, version: process.version };
}
