/** The lock inside a function's code: what a function that downloads from S3 depends on. */

import type { Lock } from '../../artifact/lock.ts';
import { lockFileName, parseLock } from '../../artifact/lock.ts';
import { contentOf, defaultLimits, readArchive } from '../../handler/zip/read.ts';
import { downloadCode } from '../aws/download.ts';
import type { Inventory, ListedFunction } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';

/** Function packages of ours are below 100 KB; one with a bundled app may be larger. */
const largestPackage = 20_000_000;

/** `none`: no lock, so no function of ours. `unknown`: it may have one that could not be read. */
export type CodeLock = Lock | 'none' | 'unknown';

/** What of a version tells where its lock is. */
export type LockedFunction = Pick<
  ListedFunction,
  'name' | 'version' | 'arn' | 'codeSha256' | 'codeSize' | 'runtime' | 'environment'
>;

/** Reads each distinct package once. */
export function codeLockReader(
  region: Pick<Region, 'call'>,
  inventory: Pick<Inventory, 'codeLocation'>,
): (version: LockedFunction) => Promise<CodeLock> {
  const known = new Map<string, Promise<CodeLock>>();
  return version => {
    const before = known.get(version.codeSha256);
    if (before !== undefined) return before;
    const lock = readCodeLock(region, inventory, version);
    known.set(version.codeSha256, lock);
    return lock;
  };
}

async function readCodeLock(
  { call }: Pick<Region, 'call'>,
  inventory: Pick<Inventory, 'codeLocation'>,
  version: LockedFunction,
): Promise<CodeLock> {
  const isOurs = version.environment['DEPS_SOURCE'] !== undefined;
  if (!version.runtime.startsWith('nodejs') || version.codeSize === 0) return 'none';
  if (version.codeSize > largestPackage) return isOurs ? 'unknown' : 'none';
  const location = await inventory.codeLocation(version.name, version.version);
  const zip = await downloadCode(call, version.arn, location, largestPackage);
  if (zip === undefined) return 'unknown';
  try {
    const entry = readArchive(zip, defaultLimits).find(({ path }) => path === lockFileName);
    return entry === undefined ? 'none' : parseLock(contentOf(zip, entry).toString());
  } catch {
    // Not a zip that our own packager writes: the name of a lock in it would still be a reason to keep everything.
    return isOurs || zip.includes(lockFileName) ? 'unknown' : 'none';
  }
}
