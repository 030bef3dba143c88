/** B15: the memory of a download is given back while the app still needs the room. */
import test from 'ava';
import { giveBack, pieceCollector, roomFor } from '../../../handler/memory.ts';

test('the memory of an unpacked zip is given back at once; what threads share stays', t => {
  const alone = roomFor({ size: 10_000_000, files: 10 }, { memoryMb: 512 });
  alone.fill(1);
  giveBack(alone);
  t.deepEqual([alone.length, alone.buffer.byteLength], [0, 0]);
  const shared = roomFor({ size: 10, files: 10_000 }, { memoryMb: 10_240 });
  giveBack(shared);
  t.is(shared.length, 10);
});

test.serial('young garbage is collected after every 4 MiB of a body, where the collector is exposed', t => {
  const { gc } = globalThis;
  t.teardown(() => Object.assign(globalThis, { gc }));
  const asked: unknown[] = [];
  Object.assign(globalThis, { gc: (options: unknown) => asked.push(options) });
  const collect = pieceCollector();
  for (let piece = 0; piece < 127; piece++) collect(65_536);
  t.deepEqual(asked, [{ type: 'minor', execution: 'sync' }]);
  collect(65_536);
  t.is(asked.length, 2);
  Object.assign(globalThis, { gc: undefined });
  t.notThrows(() => collect(5_000_000));
});
