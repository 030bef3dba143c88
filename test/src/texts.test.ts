/** Texts in memory: packed or not they are read as they were, by several readers in turn; and memory that is given back. */
import test from 'ava';
import { release } from '../../src/repository/release.ts';
import { createTexts } from '../../src/repository/texts.ts';

/** Half a block and more each, so that each is in a block of its own; the last is in one with its neighbour. */
const given = [200_000, 300_000, 150_000, 0, 90_000, 10].map((length, index) =>
  Buffer.from(`${index} é\n`.repeat(length)).subarray(0, length),
);

test('what was added before and after packing is read as it was, in any order', t => {
  const texts = createTexts();
  const readers = given.slice(0, 3).map(text => texts.add(text));
  texts.pack();
  for (const text of given.slice(3)) readers.push(texts.add(text));
  t.true(texts.size < 200_000, `${texts.size} bytes`);
  const hands = {};
  for (const index of [0, 1, 2, 3, 4, 5, 0, 5, 1, 1]) {
    t.deepEqual(readers[index]?.(hands), given[index], `text ${index}`);
  }
});

test('two readers do not take the memory out of each other’s hands', t => {
  const texts = createTexts();
  const readers = given.map(text => texts.add(text));
  texts.pack();
  const [mine, theirs] = [{}, {}];
  const held = readers[0]?.(mine);
  t.deepEqual(readers[0]?.(theirs), given[0]);
  t.deepEqual(readers[1]?.(theirs), given[1]);
  t.deepEqual(held, given[0]);
});

test('memory is given back where it is the caller’s own, and never Node’s pool', t => {
  const own = Buffer.allocUnsafeSlow(100_000);
  release(own.subarray(0, 60_000), 100_000);
  t.is(own.length, 0);
  const whole = Buffer.alloc(Buffer.poolSize * 4);
  release(whole, whole.length);
  t.is(whole.length, 0);
  for (const pooled of [Buffer.from('text'), Buffer.allocUnsafe((Buffer.poolSize >>> 1) - 1)]) {
    for (const own of [pooled.length, pooled.buffer.byteLength, Buffer.poolSize]) release(pooled, own);
    t.true(pooled.length > 0);
  }
  const part = Buffer.allocUnsafeSlow(100_000).subarray(10, 50_010);
  release(part, part.length);
  t.is(part.length, 50_000, 'a part of what may be in other hands');
});
