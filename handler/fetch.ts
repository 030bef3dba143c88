/** R3 to R5: what the layer does not hold, from the disk or from S3. A function that finds its layer never loads this. */
import './v8-flags.ts';
import type { LockArtifact } from '../artifact/lock.ts';
import type { MarkerFacts } from './choose.ts';
import { download } from './download/download.ts';
import { giveBack } from './memory.ts';
import type { PhaseTimer } from './phases.ts';
import type { LoaderSettings } from './settings.ts';
import { findCopy, installCopy, openStore } from './store.ts';
import { reserveSpace } from './sweep.ts';
import { openInflate } from './zip/inflate.ts';

export { readCredentials } from './download/credentials.ts';
// One chunk: the strict reader of strangers' zips is 1 kB beside what it shares with the loader's.
export { readUntrusted } from './zip/untrusted.ts';

/** An artifact to be found: what its marker must say, and its stopwatch. */
export interface Wanted {
  readonly artifact: LockArtifact;
  readonly expected: MarkerFacts;
  readonly timer: PhaseTimer;
}

/** Where one was found; or why it could not be had. */
export type Fetched = Wanted &
  ({ readonly source: 'tmp' | 's3'; readonly root: string } | { readonly error: unknown });

/**
 * What is on the disk first, the rest over as many connections at once. Each has its own outcome.
 *
 * @param keep artifacts whose copies are not removed when the disk needs room
 * @param untilMs monotonic milliseconds
 *
 * Throws the errors of the disk, where no artifact could be had at all.
 */
export async function fetchAll(
  wanted: readonly Wanted[],
  keep: readonly LockArtifact[],
  settings: LoaderSettings,
  untilMs: number,
): Promise<readonly Fetched[]> {
  const { clock, repeatedInitMs = Infinity } = settings;
  const isRepeated = openStore(settings.dir, settings.log);
  const found: Fetched[] = [];
  const missing: Wanted[] = [];
  for (const one of wanted) {
    // to load this module is part of the way to choose, and so is a copy that proves to be none
    one.timer.lap('choose');
    const root = findCopy(settings.dir, one.artifact, one.expected, settings.log);
    one.timer.lap(root === undefined ? 'choose' : 'verify');
    if (root === undefined) missing.push(one);
    else found.push({ ...one, source: 'tmp', root });
  }
  if (missing.length === 0) return found;
  const artifacts = missing.map(({ artifact }) => artifact);
  reserveSpace(settings.dir, artifacts, keep, settings.log);
  // The copy would be there, had not something killed the start before this one.
  const endMs = isRepeated ? Math.min(untilMs, clock.monotonic() + repeatedInitMs) : untilMs;
  const fetching = missing.map(one => fetchOne(one, settings, endMs));
  // signing awaits nothing but promises already settled, so by then the requests are on their way
  setImmediate(() => {
    openInflate();
    settings.meanwhile?.();
  });
  return [...found, ...(await Promise.all(fetching))];
}

async function fetchOne(one: Wanted, settings: LoaderSettings, untilMs: number): Promise<Fetched> {
  const { artifact, expected, timer } = one;
  try {
    const zip = await download(artifact, settings, untilMs, timer);
    timer.lap('verify');
    const root = await installCopy(settings, zip, artifact, expected);
    giveBack(zip);
    timer.lap('unpack');
    return { ...one, source: 's3', root };
  } catch (error) {
    return { ...one, error };
  }
}
