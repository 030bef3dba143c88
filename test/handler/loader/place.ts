/** A place to load to: a healthy store, a DEPS_DIR of its own, the loader in this process or in one apart. */
import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { modulesPath, storeName } from '../../../artifact/layout.ts';
import { formatLock } from '../../../artifact/lock.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { ChaosS3 } from '../../support/chaos-s3.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import type { LoadResult } from '../../support/load-process.ts';
import { bundle, runLoad, runLoadInThread } from '../../support/load-process.ts';
import type { LoaderWorld } from '../../support/loader-world.ts';
import { loaderWorld } from '../../support/loader-world.ts';

export const made = await makeArtifact(smallPackage);
const child = await bundle(new URL('../../support/load-child.ts', import.meta.url));
test.after.always(() => fs.rmSync(path.dirname(child), { recursive: true, force: true }));

/** A file of the artifact. */
export const module = `${modulesPath}/small/index.mjs`;

export function change(file: string, edit: (text: string) => string): void {
  fs.writeFileSync(file, edit(fs.readFileSync(file, 'utf8')));
}

export interface Place extends LoaderWorld {
  readonly s3: ChaosS3;
  /** The final folder of the artifact. */
  readonly root: string;
  load(): Promise<string | undefined>;
  loadApart(wrap?: Parameters<typeof runLoad>[2], env?: NodeJS.ProcessEnv): Promise<LoadResult>;
  /** The same in a thread of this process. */
  loadInThread(): Promise<LoadResult>;
  /** Names in DEPS_DIR. */
  left(): string[];
}

export async function place(t: ExecutionContext, what: MadeArtifact = made): Promise<Place> {
  const s3 = await startChaosS3(serve(what.zip));
  t.teardown(s3.close);
  const world = loaderWorld(t, s3.endpoint);
  const { dir } = world.settings;
  const lock = lockOf([what.artifact]);
  const lockFile = path.join(world.folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lock));
  return {
    ...world,
    s3,
    root: path.join(dir, storeName(what.artifact.digest)),
    load: async () => (await resolveDependencies(lock, world.settings)).artifacts[0]?.source,
    loadApart: (wrap, env) =>
      runLoad([process.execPath, child], { ...world.env, LOAD_LOCK: lockFile, ...env }, wrap),
    loadInThread: () => runLoadInThread(child, { ...world.env, LOAD_LOCK: lockFile }),
    left: () => (fs.existsSync(dir) ? fs.readdirSync(dir) : []),
  };
}
