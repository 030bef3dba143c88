/** B6, B14: the loader is killed at every call to the file system and the network; the next start must succeed. */
import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { modulesPath, storeName } from '../../../artifact/layout.ts';
import { formatLock } from '../../../artifact/lock.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { bundle, runLoad } from '../../support/load-process.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);
const final = storeName(made.artifact.digest);
const child = await bundle(new URL('../../support/load-child.ts', import.meta.url));
const killer = await bundle(new URL('../../support/kill-at.ts', import.meta.url));
test.after.always(() => {
  for (const file of [child, killer]) fs.rmSync(path.dirname(file), { recursive: true, force: true });
});

/** What a killed run may find when it starts. */
const scenarios = {
  'an empty disk': () => {},
  'a tampered copy': (root: string) => {
    fs.mkdirSync(path.join(root, modulesPath), { recursive: true });
    fs.writeFileSync(path.join(root, modulesPath, 'evil.js'), '');
  },
};

/** Where the axe falls: every call on the plain way; elsewhere a sample, for the way is the same but for its start. */
const matrix = [
  { row: 'B6', signal: 'SIGKILL', scenario: 'an empty disk', step: 1 },
  { row: 'B6', signal: 'SIGKILL', scenario: 'a tampered copy', step: 3 },
  { row: 'B14', signal: 'SIGTERM', scenario: 'an empty disk', step: 8 },
] as const;

for (const { row, signal, scenario, step } of matrix) {
  const which = step === 1 ? 'every call' : `one call in ${step}`;
  test(`${row} ${signal} at ${which}, starting from ${scenario}`, async t => {
    const prepare = scenarios[scenario];
    const { calls } = await attempt(t, prepare, 0, signal);
    t.true(calls > 20, `${calls}`);
    const points = Array.from({ length: Math.floor(calls / step) }, (_, i) => (i + 1) * step);
    const all = points.length;
    let survived = 0;
    const next = async (): Promise<void> => {
      for (let at = points.shift(); at !== undefined; at = points.shift()) {
        await attempt(t, prepare, at, signal);
        survived += 1;
      }
    };
    await Promise.all([next(), next(), next()]);
    t.log(`${survived} of ${all} kills survived`);
    t.is(survived, all);
  });
}

/** One run killed at a call, then a second one that must find its way and leave nothing but the artifact. */
async function attempt(
  t: ExecutionContext,
  prepare: (root: string) => void,
  at: number,
  signal: string,
): Promise<{ calls: number }> {
  const s3 = await startChaosS3(serve(made.zip));
  const { settings, env, folder } = loaderWorld(t, s3.endpoint);
  try {
    prepare(path.join(settings.dir, final));
    const lock = lockOf([made.artifact]);
    const lockFile = path.join(folder, 'deps.lock.json');
    fs.writeFileSync(lockFile, formatLock(lock));
    const killed = await runLoad([process.execPath, '--import', killer, child], {
      ...env,
      LOAD_LOCK: lockFile,
      KILL_AT: String(at),
      KILL_SIGNAL: signal,
    });
    if (at === 0) t.deepEqual(killed.sources, { core: 's3' }, killed.stderr);
    else t.is(String(killed.signal), signal, `call ${at}: ${killed.stdout} ${killed.stderr}`);
    const { artifacts } = await resolveDependencies(lock, settings);
    t.is(artifacts.length, 1, `call ${at}`);
    t.deepEqual(fs.readdirSync(settings.dir), [final], `call ${at}`);
    return { calls: Number(/^calls (\d+)$/m.exec(killed.stderr)?.[1] ?? 0) };
  } finally {
    await s3.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
