/** C14 on both ways to inflate: the reused zlib state, and the public call that replaces it where Node has changed. */
import { createInflateRaw, deflateRawSync } from 'node:zlib';
import test from 'ava';
import { digestOf } from '../../../artifact/digest.ts';
import type { Inflate } from '../../../handler/zip/inflate.ts';
import { inflate, makeInflate } from '../../../handler/zip/inflate.ts';

const text = Buffer.from('let a = 1;\n'.repeat(80));
const packed = deflateRawSync(text);
const large = Buffer.alloc(2_500_000, text);

/** What Node might become: no handle, or one that does something else. */
const strange: Readonly<Record<string, () => unknown>> = {
  'no handle': () => ({}),
  'no stream': () => {
    throw new Error('gone');
  },
  'a handle that does nothing': () => ({
    _handle: { reset() {}, writeSync() {} },
    _writeState: new Uint32Array(2),
  }),
  'a handle that forgets its state': () => {
    const stream = createInflateRaw() as unknown as { _handle: object };
    return { _handle: stream._handle, _writeState: new Uint32Array(2) };
  },
};

const ways: Readonly<Record<string, Inflate>> = {
  'the reused state': inflate,
  ...Object.fromEntries(
    Object.entries(strange).map(([what, create]) => [`a Node with ${what}`, makeInflate(create)]),
  ),
};

for (const [way, run] of Object.entries(ways)) {
  const read = (stream: Buffer, size: number): string => {
    const pieces: Buffer[] = [];
    return run(stream, size, piece => pieces.push(Buffer.from(piece))) ?? digestOf(Buffer.concat(pieces));
  };

  test(`${way} inflates small and large and empty streams, again and again`, t => {
    for (const content of [text, large, Buffer.alloc(0), large.subarray(0, 1_048_576), text]) {
      t.is(read(deflateRawSync(content), content.length), digestOf(content));
    }
  });

  test(`${way} gives no more than promised, and says when a stream is not what it should be`, t => {
    t.is(read(packed, text.length - 1), `more than ${text.length - 1} bytes`);
    t.is(read(packed, 0), 'more than 0 bytes');
    t.is(read(deflateRawSync(large), 2_000_000), 'more than 2000000 bytes');
    t.is(read(Buffer.concat([packed, packed]), text.length), `${packed.length} bytes after its end`);
    t.is(read(packed.subarray(0, -1), text.length), 'unexpected end of file');
    t.is(read(Buffer.alloc(0), 0), 'unexpected end of file');
    t.is(read(Buffer.from([7, 0]), 10), 'invalid block type');
    t.is(read(packed, text.length), digestOf(text), 'a good stream after broken ones');
  });
}

test('the reused state is in use: a large file comes in pieces of one window', t => {
  const sizes: number[] = [];
  inflate(deflateRawSync(large), large.length, piece => sizes.push(piece.length));
  t.deepEqual(sizes, [1_048_576, 1_048_576, 2_500_000 - 2 * 1_048_576]);
});
