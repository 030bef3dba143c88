/** A25, B13: nothing stays open and nothing outlasts its time. A file of its own: it counts this thread's handles. */
import * as fs from 'node:fs';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { Step } from '../../support/chaos-s3.ts';
import { breakAfter, refuse, serve, silent, startChaosS3 } from '../../support/chaos-s3.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);
const lock = lockOf([made.artifact]);

test.serial('A25 a hundred failures leave no socket and no timer', async t => {
  const steps: readonly Step[] = [
    refuse(403, 'AccessDenied'),
    silent,
    breakAfter(made.zip, 9, 'stall'),
    serve(Buffer.concat([made.zip, made.zip])),
  ];
  let turn = 0;
  const s3 = await startChaosS3((request, response) => steps[turn % steps.length]?.(request, response));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint, {
    limits: { attempts: 1, firstByteMs: 5, stallMs: 20, throughputWindowMs: 20 },
  });
  const before = handles();
  for (turn = 0; turn < 100; turn += 1) await t.throwsAsync(resolveDependencies(lock, settings));
  await settled(t, before);
});

test.serial('A25 a success leaves no socket and no timer either', async t => {
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const before = handles();
  await resolveDependencies(lock, settings);
  await settled(t, before);
});

test.serial(
  'B13 with little time left the deadline is that time, and the next try starts afresh',
  async t => {
    const s3 = await startChaosS3(silent, serve(made.zip));
    t.teardown(s3.close);
    const { settings } = loaderWorld(t, s3.endpoint, { limits: { firstByteMs: 9000, attemptMs: 9000 } });
    await t.throwsAsync(resolveDependencies(lock, { ...settings, deadlineMs: 60 }), { code: 'DEPS_TIMEOUT' });
    t.is((await resolveDependencies(lock, settings)).artifacts[0]?.source, 's3');
  },
);

test.serial(
  'B13 an init that is repeated in an invocation is over in time, and the next try has all of its own',
  async t => {
    const s3 = await startChaosS3(silent, serve(made.zip));
    t.teardown(s3.close);
    const { settings } = loaderWorld(t, s3.endpoint, {
      repeatedInitMs: 60,
      limits: { firstByteMs: 600_000 },
    });
    fs.mkdirSync(settings.dir);
    await t.throwsAsync(resolveDependencies(lock, settings), { code: 'DEPS_TIMEOUT' });
    t.is((await resolveDependencies(lock, { ...settings, repeatedInitMs: 0 })).artifacts[0]?.source, 's3');
  },
);

test.serial('B13 a first init has all the time there is', async t => {
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint, { repeatedInitMs: 0 });
  t.is((await resolveDependencies(lock, settings)).artifacts[0]?.source, 's3');
});

/** Closing takes a few turns of the event loop; what is still open after that many is a leak. */
async function settled(t: ExecutionContext, before: Record<string, number>): Promise<void> {
  const left = () => Object.entries(handles()).filter(([kind, count]) => count > (before[kind] ?? 0));
  for (let turns = 0; turns < 10_000 && left().length > 0; turns += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
  t.deepEqual(left(), []);
}

/** Sockets and timers of this thread, by kind. The listening server and its side of connections are gone or constant. */
function handles(): Record<string, number> {
  const counted: Record<string, number> = { TCPSocketWrap: 0, Timeout: 0 };
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind in counted) counted[kind] = (counted[kind] ?? 0) + 1;
  }
  return counted;
}
