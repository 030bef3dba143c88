/** C14 on both ways to inflate: the reused zlib state, and the public call that replaces it where Node has changed. */
import { createInflateRaw, deflateRawSync } from 'node:zlib';
import test from 'ava';
import { digestOf } from '../../../artifact/digest.ts';
import { makeInflate, openInflate } from '../../../handler/zip/inflate.ts';

const text = Buffer.from('let a = 1;\n'.repeat(80));
const packed = deflateRawSync(text);
const large = Buffer.alloc(2_500_000, text);

interface Stream {
  readonly _handle: { reset(): void; writeSync(...call: Call): void; onerror: unknown };
  /** Space left in the output, bytes left in the input. */
  readonly _writeState: Uint32Array;
}
type Call = [
  flush: number,
  input: Buffer,
  at: number,
  length: number,
  output: Buffer,
  to: number,
  space: number,
];

/** Node's own handle with one thing changed before or after each call; the state is a copy that may be changed too. */
function twisted(
  before: (...call: Call) => Call,
  after: (state: Uint32Array, output: Buffer) => void = () => {},
): () => unknown {
  return () => {
    const { _handle: real, _writeState: state } = createInflateRaw() as unknown as Stream;
    const told = new Uint32Array(2);
    const handle = {
      reset: () => real.reset(),
      set onerror(listener: unknown) {
        real.onerror = listener;
      },
      writeSync(...call: Call) {
        real.writeSync(...before(...call));
        told.set(state);
        after(told, call[4]);
      },
    };
    return { _handle: handle, _writeState: told };
  };
}
const same = (...call: Call) => call;

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
  'a handle that gives other bytes': twisted(same, (_, output) => {
    output[0] = 0x62;
  }),
  'a handle that reads on behind its input': twisted((flush, input, at, length, ...rest) => {
    const more = Buffer.from(input.buffer, input.byteOffset, input.length + 1);
    return length === 5 ? [flush, more, at, 6, ...rest] : [flush, input, at, length, ...rest];
  }),
  'a handle that hides what it did not read': twisted(same, state => {
    state[1] = 0;
  }),
  'a handle that hides that there is more to come': twisted(same, state => {
    state[0] = Math.max(1, state[0] ?? 0);
  }),
};

const ways: Readonly<Record<string, () => unknown>> = {
  'the reused state': createInflateRaw,
  'a handle that passes all on': twisted(same),
  ...Object.fromEntries(Object.entries(strange).map(([what, create]) => [`a Node with ${what}`, create])),
};

for (const [way, create] of Object.entries(ways)) {
  const reader = () => {
    const run = makeInflate(create);
    return (stream: Buffer, size: number): string => {
      const pieces: Buffer[] = [];
      return run(stream, size, piece => pieces.push(Buffer.from(piece))) ?? digestOf(Buffer.concat(pieces));
    };
  };

  test(`${way} inflates small and large and empty streams, again and again`, t => {
    const read = reader();
    for (const content of [text, large, Buffer.alloc(0), large.subarray(0, 1_048_576), text]) {
      t.is(read(deflateRawSync(content), content.length), digestOf(content));
    }
  });

  test(`${way} gives no more than promised, and says when a stream is not what it should be`, t => {
    const read = reader();
    t.is(read(packed, text.length - 1), `more than ${text.length - 1} bytes`);
    t.is(read(packed, 0), 'more than 0 bytes');
    t.is(read(deflateRawSync(Buffer.from('x')), 0), 'more than 0 bytes');
    t.is(read(deflateRawSync(large), 2_000_000), 'more than 2000000 bytes');
    t.is(read(Buffer.concat([packed, packed]), text.length), `${packed.length} bytes after its end`);
    t.is(read(packed.subarray(0, -1), text.length), 'unexpected end of file');
    t.is(read(Buffer.alloc(0), 0), 'unexpected end of file');
    t.is(read(Buffer.from([7, 0]), 10), 'invalid block type');
    t.is(read(packed, text.length), digestOf(text), 'a good stream after broken ones');
  });

  const isReused = !way.startsWith('a Node');
  test(`${way}: a large file comes ${isReused ? 'in pieces of one window' : 'whole'}`, t => {
    const sizes: number[] = [];
    makeInflate(create)(deflateRawSync(large), large.length, piece => sizes.push(piece.length));
    t.deepEqual(sizes, isReused ? [1_048_576, 1_048_576, 2_500_000 - 2 * 1_048_576] : [2_500_000]);
  });
}

test('zlib may be opened ahead of the first entry', t => {
  t.notThrows(openInflate);
});
