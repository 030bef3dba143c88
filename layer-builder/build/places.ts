/** Where a build writes: everything below `.layer-builder`, which git ignores, and the lock beside package.json. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFileName } from '../../artifact/lock.ts';

export interface BuildPlaces {
  readonly lock: string;
  readonly folder: string;
  readonly artifacts: string;
  readonly installs: string;
  readonly record: string;
  readonly report: string;
  readonly functionZip: string;
}

export function buildPlaces(project: string): BuildPlaces {
  const folder = join(project, '.layer-builder');
  return {
    lock: join(project, lockFileName),
    folder,
    artifacts: join(folder, 'artifacts'),
    installs: join(folder, 'cache'),
    record: join(folder, 'build.json'),
    report: join(folder, 'report.json'),
    functionZip: join(folder, 'function.zip'),
  };
}

/** Runs `work` with a private folder on the same disk as the results, so that moving them is one rename. */
export async function withWorkFolder<T>(
  places: BuildPlaces,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const temporary = join(places.folder, `work-${randomBytes(8).toString('hex')}`);
  mkdirSync(places.folder, { recursive: true });
  mkdirSync(temporary, { mode: 0o700 });
  const ignore = join(places.folder, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  try {
    return await work(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
