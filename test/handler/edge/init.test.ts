/** The init phase as a state: failures stay answers, attempts back off, recovery needs no redeploy. */
import test from 'ava';
import { startInit } from '../../../handler/edge/init.ts';
import { HandlerError } from '../../../handler/errors.ts';

function denied(): HandlerError {
  return new HandlerError('DEPS_ACCESS_DENIED', 'denied');
}

/** An init whose attempts end as told, on a clock of the test's own. */
async function fake(...outcomes: readonly (string | Error)[]) {
  const clock = { now: 0 };
  const deadlines: number[] = [];
  const failures: unknown[] = [];
  const init = await startInit<string>({
    async run(deadlineMs, attempt) {
      deadlines.push(deadlineMs);
      const outcome = outcomes[Math.min(attempt, outcomes.length) - 1];
      if (typeof outcome === 'string') return outcome;
      throw outcome;
    },
    onFailure: (error, attempt, retryAfterSeconds) => failures.push([error, attempt, retryAfterSeconds]),
    now: () => clock.now,
  });
  return { init, clock, deadlines, failures };
}

test('an init that succeeds is ready and never run again', async t => {
  const { init, deadlines } = await fake('app');
  t.deepEqual(init.state(), { kind: 'ready', value: 'app' });
  t.deepEqual(await init.ensure(1000), { kind: 'ready', value: 'app' });
  t.deepEqual(deadlines, [Number.POSITIVE_INFINITY]);
});

test('a failed init does not reject; the state carries the code and when to come back', async t => {
  const { init, failures } = await fake(denied());
  const state = init.state();
  t.is(state.kind, 'failed');
  t.like(state, { code: 'DEPS_ACCESS_DENIED', retryAfterSeconds: 1 });
  t.is(failures.length, 1);
});

test('an error without a code is INIT_FAILED', async t => {
  const { init } = await fake(new Error('any'));
  t.like(init.state(), { code: 'INIT_FAILED' });
});

test('nothing is tried before the back-off is over, and then within the time that remains', async t => {
  const { init, clock, deadlines } = await fake(denied(), 'app');
  clock.now = 999;
  t.like(await init.ensure(5000), { kind: 'failed' });
  t.is(deadlines.length, 1);
  clock.now = 1000;
  t.like(await init.ensure(5000), { kind: 'ready' });
  // one second is kept back to answer
  t.is(deadlines[1], 4000);
});

test('no attempt is made in time that is too short for one', async t => {
  const { init, clock, deadlines } = await fake(denied(), 'app');
  clock.now = 10_000;
  t.like(await init.ensure(1400), { kind: 'failed', retryAfterSeconds: 1 });
  t.is(deadlines.length, 1);
});

test('the back-off doubles up to half a minute', async t => {
  const { init, clock, failures } = await fake(denied());
  for (let attempt = 0; attempt < 7; attempt += 1) {
    clock.now += 30_000;
    await init.ensure(60_000);
  }
  t.deepEqual(
    failures.map(failure => (failure as unknown[])[2]),
    [1, 2, 4, 8, 16, 30, 30, 30],
  );
});

test('concurrent requests share one attempt', async t => {
  const { init, clock, deadlines } = await fake(denied(), 'app');
  clock.now = 2000;
  const states = await Promise.all([init.ensure(5000), init.ensure(5000), init.ensure(5000)]);
  t.deepEqual(new Set(states.map(state => state.kind)), new Set(['ready']));
  t.is(deadlines.length, 2);
});
