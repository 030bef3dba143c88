/** One timer for all requests: each expires at its own time, none keeps the process alive once it is answered. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Deadline, marginMs, remainingTime } from '../../../handler/edge/deadline.ts';

const startDeadline = (remainingMs: number, expire: () => void) => new Deadline(remainingMs, { expire });

test('requests expire in the order of their time-outs, whatever order they came in', async t => {
  const order: string[] = [];
  await new Promise<void>(resolve => {
    startDeadline(marginMs + 60, () => {
      order.push('last');
      resolve();
    });
    startDeadline(marginMs + 5, () => order.push('first'));
    startDeadline(marginMs + 30, () => order.push('cleared')).clear();
    startDeadline(marginMs + 30, () => order.push('second'));
  });
  t.deepEqual(order, ['first', 'second', 'last']);
});

test('less time than the margin expires at once, infinite time never', async t => {
  await new Promise<void>(resolve => {
    startDeadline(10, resolve);
  });
  let isOver = false;
  const endless = startDeadline(Number.POSITIVE_INFINITY, () => {
    isOver = true;
  });
  await new Promise<void>(resolve => {
    startDeadline(marginMs + 5, resolve);
  });
  endless.clear();
  t.false(isOver);
});

test('a signal asked for after its time is aborted already, and aborts once', t => {
  const deadline = startDeadline(10_000, () => {});
  const gone = new Error('gone');
  deadline.abort(gone);
  deadline.abort(new Error('again'));
  t.is(deadline.signal().reason, gone);
  t.is(deadline.signal(), deadline.signal());
  deadline.clear();
});

test('an answered request leaves nothing that keeps the process alive', t => {
  const module = fileURLToPath(new URL('../../../handler/edge/deadline.ts', import.meta.url));
  const source = `import { Deadline } from ${JSON.stringify(module)}; for (const ms of [60_000, 90_000]) new Deadline(ms, { expire() {} }).clear();`;
  // the process ends by itself, or the time-out kills it and this throws
  execFileSync(process.execPath, ['--input-type=module', '-e', source], { timeout: 20_000 });
  t.pass();
});

test('the time that remains is what the context says, infinite where it says nothing of use', t => {
  t.is(remainingTime({ getRemainingTimeInMillis: () => 1234 }), 1234);
  for (const context of [
    undefined,
    null,
    {},
    { getRemainingTimeInMillis: () => 'soon' },
    { getRemainingTimeInMillis: 5 },
  ]) {
    t.is(remainingTime(context), Number.POSITIVE_INFINITY);
  }
});
