/** R4's clocks, moved by hand: the hedge (A9), the watchdogs over a body (A10, A11, B16). Serial: timers are global. */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { mock } from 'node:test';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { receiveBody } from '../../../handler/download/body.ts';
import type { Flight } from '../../../handler/download/flight.ts';
import { createParcel } from '../../../handler/download/parcel.ts';
import { firstAnswer, NoAnswer } from '../../../handler/download/race.ts';
import { quickLimits } from '../../support/loader-world.ts';

/** Time that passes only when told to. */
function timers(t: ExecutionContext) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.teardown(() => mock.timers.reset());
  let now = 0;
  return {
    clock: { monotonic: () => now, wall: () => now, sleep: async () => {} },
    /** Time that passes while nothing runs. */
    freeze: (ms: number) => {
      now += ms;
    },
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 1) {
        now += 1;
        mock.timers.tick(1);
      }
      await settled();
    },
  };
}

/** Streams and promises have told all they know. */
const settled = () => new Promise(resolve => setImmediate(resolve));

interface FakeFlight extends Flight {
  readonly land: (answer?: string) => void;
  readonly crash: (error: Error) => void;
  readonly isDestroyed: () => boolean;
}

function fakeFlight(): FakeFlight {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  promise.catch(() => {});
  let destroyed = false;
  return {
    answer: promise,
    connected: Promise.resolve(),
    destroy: () => {
      destroyed = true;
    },
    land: answer => resolve(answer as unknown as IncomingMessage),
    crash: reject,
    isDestroyed: () => destroyed,
  };
}

/** A race of flights that land when told to; `outcome` is what it came to, undefined while it runs. */
function race(t: ExecutionContext, firstByteMs: number, giveUpMs: number) {
  const time = timers(t);
  const flights: FakeFlight[] = [];
  const launch = async () => {
    const flight = fakeFlight();
    flights.push(flight);
    return flight;
  };
  let outcome: unknown;
  const over = firstAnswer(launch, firstByteMs, giveUpMs);
  over.then(
    winner => {
      outcome = winner;
    },
    error => {
      outcome = error;
    },
  );
  return { ...time, flights, outcome: () => outcome, destroyed: () => flights.map(f => f.isDestroyed()) };
}

test.serial('A9 an answer in time needs no second request', async t => {
  const { flights, outcome, pass, destroyed } = race(t, 100, 1000);
  await pass(99);
  flights[0]?.land('first');
  await settled();
  t.deepEqual(outcome(), { answer: 'first', flight: flights[0] });
  await pass(1000);
  t.deepEqual(destroyed(), [false]);
});

test.serial('A9 a late answer gets a second request beside it, and the first of both wins', async t => {
  for (const winner of [0, 1]) {
    const { flights, outcome, pass, destroyed } = race(t, 100, 1000);
    await pass(100);
    t.is(flights.length, 2);
    t.is(outcome(), undefined);
    flights[winner]?.land('it');
    await settled();
    t.deepEqual(outcome(), { answer: 'it', flight: flights[winner] });
    t.deepEqual(destroyed(), [winner !== 0, winner !== 1]);
    mock.timers.reset();
  }
});

test.serial('A9 after twice the time, or when there is no more, both are given up', async t => {
  for (const [giveUpMs, lateMs] of [
    [1000, 200],
    [150, 150],
    [60, 60],
  ] as const) {
    const { outcome, pass, destroyed } = race(t, 100, giveUpMs);
    await pass(lateMs - 1);
    t.is(outcome(), undefined);
    await pass(1);
    t.true(outcome() instanceof NoAnswer);
    t.is((outcome() as Error).message, `no header after ${lateMs} ms`);
    await pass(1000);
    t.deepEqual(destroyed(), lateMs < 100 ? [true] : [true, true]);
    mock.timers.reset();
  }
});

test.serial('A9 a request that fails before the second one ends the race at once', async t => {
  const { flights, outcome, pass } = race(t, 100, 1000);
  await pass(50);
  flights[0]?.crash(new Error('refused'));
  await settled();
  t.is((outcome() as Error).message, 'refused');
  await pass(1000);
  t.is(flights.length, 1);
});

test.serial('A9 of two requests one may fail; when both do the last error counts', async t => {
  const one = race(t, 100, 1000);
  await one.pass(100);
  one.flights[0]?.crash(new Error('refused'));
  await settled();
  t.is(one.outcome(), undefined);
  one.flights[1]?.land('second');
  await settled();
  t.deepEqual(one.outcome(), { answer: 'second', flight: one.flights[1] });
  mock.timers.reset();

  const both = race(t, 100, 1000);
  await both.pass(100);
  both.flights[1]?.crash(new Error('refused'));
  both.flights[0]?.crash(new Error('reset'));
  await settled();
  t.is((both.outcome() as Error).message, 'reset');
  t.deepEqual(both.destroyed(), [true, true]);
});

test.serial('A25 what is launched or lands after the race is closed', async t => {
  const { pass } = timers(t);
  const waiting: ((flight: Flight) => void)[] = [];
  const over = firstAnswer(() => new Promise(resolve => waiting.push(resolve)), 100, 1000);
  await pass(100);
  const [early, late] = [fakeFlight(), fakeFlight()];
  waiting[0]?.(early);
  early.land('early');
  await settled();
  t.is((await over).flight, early);
  waiting[1]?.(late);
  await settled();
  t.true(late.isDestroyed());
  t.false(early.isDestroyed());
});

/** A body under watch: 100 bytes are expected, ticks are 500 ms apart. */
function body(t: ExecutionContext, more: Partial<typeof quickLimits> = {}, untilMs = 1e9) {
  const time = timers(t);
  const answer = new PassThrough();
  const parcel = createParcel(100);
  const limits = { ...quickLimits, stallMs: 2000, throughputWindowMs: 1e9, minBytesPerSecond: 10, ...more };
  let end: unknown;
  receiveBody(answer as unknown as IncomingMessage, parcel, limits, time.clock, untilMs).then(found => {
    end = found;
  });
  const give = async (bytes: number) => {
    answer.write(Buffer.alloc(bytes));
    await settled();
  };
  return { ...time, answer, parcel, end: () => end, give };
}

test.serial('a body ends, and nothing listens to it any more', async t => {
  const { answer, parcel, give, end, pass } = body(t);
  await give(60);
  await give(40);
  answer.end();
  await settled();
  t.deepEqual(end(), { kind: 'end' });
  t.is(parcel.filled, 100);
  t.is(answer.listenerCount('data'), 0);
  await pass(5000);
  t.deepEqual(end(), { kind: 'end' });
});

test.serial('A15 a byte too much ends it', async t => {
  const { give, end, parcel } = body(t);
  await give(60);
  await give(41);
  t.deepEqual(end(), { kind: 'tooLong' });
  t.is(parcel.filled, 60);
});

test.serial('A12 an error and a close without an end break it off', async t => {
  const one = body(t);
  const cause = new Error('reset');
  one.answer.destroy(cause);
  await settled();
  t.deepEqual(one.end(), { kind: 'broken', reason: 'reset', cause });
  mock.timers.reset();
  const two = body(t);
  two.answer.destroy();
  await settled();
  t.deepEqual(two.end(), { kind: 'broken', reason: 'reset' });
});

test.serial('A10 silence is counted from the last byte', async t => {
  const { give, end, pass } = body(t);
  await pass(1900);
  await give(1);
  await pass(1900);
  t.is(end(), undefined);
  await pass(700);
  t.deepEqual(end(), { kind: 'broken', reason: 'stall' });
});

test.serial('A11 each window needs its bytes, however many there were before', async t => {
  const { give, end, pass } = body(t, { stallMs: 1e9, throughputWindowMs: 2000 });
  await give(20);
  await pass(2000);
  t.is(end(), undefined, '20 bytes in 2 s are enough');
  await give(19);
  await pass(1999);
  t.is(end(), undefined, 'the window is not over');
  await pass(1);
  t.deepEqual(end(), { kind: 'broken', reason: 'slow' });
});

test.serial('B16 a tick that comes late counts as two at most: nothing is said of the server', async t => {
  const { end, pass, freeze, give } = body(t);
  await pass(600);
  freeze(3_600_000);
  await pass(400);
  t.is(end(), undefined, '500 ms and twice 500 of silence');
  await give(1);
  await pass(1900);
  t.is(end(), undefined);
  await pass(600);
  t.deepEqual(end(), { kind: 'broken', reason: 'stall' });
});

test.serial('the end of all time ends a body that comes steadily', async t => {
  const { end, pass, give } = body(t, {}, 1200);
  await pass(600);
  await give(1);
  await pass(599);
  t.is(end(), undefined);
  await pass(1);
  t.deepEqual(end(), { kind: 'broken', reason: 'late' });
  mock.timers.reset();
  const over = body(t, {}, 0);
  await over.pass(1);
  t.deepEqual(over.end(), { kind: 'broken', reason: 'late' });
});
