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

/**
 * Where the axe falls: calls of a kind that no way before had, and of the others one in `step`. `KILL_POINTS=all`
 * takes every call of every way.
 */
const matrix = [
  { row: 'B6', signal: 'SIGKILL', scenario: 'an empty disk', step: 4 },
  { row: 'B6', signal: 'SIGKILL', scenario: 'a tampered copy', step: 8 },
  { row: 'B14', signal: 'SIGTERM', scenario: 'an empty disk', step: 16 },
] as const;

const struck = new Set<string>();
const isEveryCall = process.env['KILL_POINTS'] === 'all';

for (const { row, signal, scenario, step } of matrix) {
  const which = isEveryCall ? 'every call' : `calls of a new kind and one in ${step}`;
  test.serial(`${row} ${signal} at ${which}, starting from ${scenario}`, async t => {
    const prepare = scenarios[scenario];
    const { calls } = await attempt(t, prepare, 0, signal);
    t.true(calls.length > 20, `${calls}`);
    const points: number[] = [];
    for (const [index, name] of calls.entries()) {
      if (isEveryCall || !struck.has(name) || index % step === 0) points.push(index + 1);
      struck.add(name);
    }
    const all = points.length;
    let survived = 0;
    const next = async (): Promise<void> => {
      for (let at = points.shift(); at !== undefined; at = points.shift()) {
        await attempt(t, prepare, at, signal);
        survived += 1;
      }
    };
    await Promise.all([next(), next(), next()]);
    t.log(`${survived} of ${all} kills survived, of ${calls.length} calls of ${new Set(calls).size} kinds`);
    t.is(survived, all);
  });
}

/** One run killed at a call, then a second one that must find its way and leave nothing but the artifact. */
async function attempt(
  t: ExecutionContext,
  prepare: (root: string) => void,
  at: number,
  signal: string,
): Promise<{ calls: readonly string[] }> {
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
    return { calls: /^calls (.+)$/m.exec(killed.stderr)?.[1]?.split(' ') ?? [] };
  } finally {
    await s3.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
