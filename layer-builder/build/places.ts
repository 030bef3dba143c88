/** Where a build writes: everything below `.layer-builder`, which git ignores, and the lock beside package.json. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFileName } from '../../artifact/lock.ts';
import { isAlive, takeTurn } from './turn.ts';

export interface BuildPlaces {
  readonly lock: string;
  readonly folder: string;
  readonly artifacts: string;
  readonly installs: string;
  readonly record: string;
  readonly report: string;
  readonly sourceMaps: string;
  readonly functionZip: string;
}

const workPrefix = 'work-';

export function buildPlaces(project: string): BuildPlaces {
  const folder = join(project, '.layer-builder');
  return {
    lock: join(project, lockFileName),
    folder,
    artifacts: join(folder, 'artifacts'),
    installs: join(folder, 'cache'),
    record: join(folder, 'build.json'),
    report: join(folder, 'report.json'),
    sourceMaps: join(folder, 'source-maps'),
    functionZip: join(folder, 'function.zip'),
  };
}

/** Runs `work` with a private folder on the same disk as the results, so that moving them is one rename; one at a time. */
export async function withWorkFolder<T>(
  places: BuildPlaces,
  work: (folder: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const temporary = join(places.folder, `${workPrefix}${process.pid}-${randomBytes(6).toString('hex')}`);
  mkdirSync(places.folder, { recursive: true });
  const turn = await takeTurn(places.folder, signal);
  try {
    sweep(places.folder);
    mkdirSync(temporary, { mode: 0o700 });
    const ignore = join(places.folder, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    return await work(temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    turn.end();
  }
}

/** Folders of builds that were killed: nobody else will remove them. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = new RegExp(`^${workPrefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}
