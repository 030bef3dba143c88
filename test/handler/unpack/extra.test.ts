/** Extra fields that are accepted, and how near to them others are refused: times as writers store them, zip64 sizes. */

import { crc32 } from 'node:zlib';
import test from 'ava';
import type { EntrySpec } from '../../support/zips/write.ts';
import { extraField, makeZip, record } from '../../support/zips/write.ts';
import { treeInMemory, verdictOn } from './support.ts';

const data = 'module.exports = 1;\n';
const see = 0xffffffff;
const ok: EntrySpec = { name: 'ok.js', data, method: 0 };
const plain = makeZip({ entries: [ok, { name: 'b', data: 'b' }] });

/** The archive is the plain one still, or is refused with this code. */
function verdict(entry: EntrySpec): string {
  const found = verdictOn(makeZip({ entries: [entry, { name: 'b', data: 'b' }] }));
  return found === treeInMemory(plain) ? 'accepted' : found;
}

/** 0x5455: flags say which of three times follow; the central header may keep the first alone. */
const stamp = (flags: number, times: number) =>
  extraField(0x5455, Buffer.of(flags, ...Buffer.alloc(4 * times)));
const stamps: readonly [flags: number, times: number, local: string, central: string][] = [
  [0, 0, 'accepted', 'accepted'],
  [1, 1, 'accepted', 'accepted'],
  [2, 1, 'accepted', 'accepted'],
  [4, 1, 'accepted', 'accepted'],
  [3, 2, 'accepted', 'accepted'],
  [6, 2, 'accepted', 'accepted'],
  [7, 3, 'accepted', 'accepted'],
  [7, 1, 'ZIP_EXTRA', 'accepted'],
  [3, 1, 'ZIP_EXTRA', 'accepted'],
  [6, 0, 'ZIP_EXTRA', 'accepted'],
  [7, 0, 'ZIP_EXTRA', 'ZIP_EXTRA'],
  [7, 2, 'ZIP_EXTRA', 'ZIP_EXTRA'],
  [6, 1, 'ZIP_EXTRA', 'ZIP_EXTRA'],
  [1, 2, 'ZIP_EXTRA', 'ZIP_EXTRA'],
  [0, 1, 'ZIP_EXTRA', 'ZIP_EXTRA'],
  [8, 1, 'ZIP_EXTRA', 'ZIP_EXTRA'],
];
for (const [flags, times, local, central] of stamps) {
  test(`C12 timestamps with flags ${flags} and ${times} times: local ${local}, central ${central}`, t => {
    t.is(verdict({ ...ok, local: { extra: stamp(flags, times) } }), local);
    t.is(verdict({ ...ok, central: { extra: stamp(flags, times) } }), central);
  });
}

const size = data.length;
const wide = (...values: number[]) => extraField(0x0001, record(...values.map(value => [value, 8] as const)));
const narrowDescriptor = record([0x08074b50, 4], [crc32(data), 4], [size, 4], [size, 4]);
const wideDescriptor = record([0x08074b50, 4], [crc32(data), 4], [size, 8], [size, 8]);
const streamed: EntrySpec = { ...ok, descriptor: true };
const unknown = { crc32: 0, packed: 0, size: 0 };

/** Which of the sizes stand in zip64 fields; a data descriptor is wide exactly where one of them is. */
const zip64s: Readonly<Record<string, [entry: EntrySpec, expected: string]>> = {
  'both sizes': [{ ...ok, both: { size: see, packed: see, extra: wide(size, size) } }, 'accepted'],
  'the size alone': [{ ...ok, both: { size: see, extra: wide(size) } }, 'accepted'],
  'the packed size alone': [{ ...ok, both: { packed: see, extra: wide(size) } }, 'accepted'],
  'the offset alone': [{ ...ok, central: { offset: see, extra: wide(0) } }, 'accepted'],
  'both sizes and the offset that repeats': [
    {
      ...ok,
      both: { size: see, packed: see },
      local: { extra: wide(size, size) },
      central: { extra: wide(size, size, 0) },
    },
    'accepted',
  ],
  'nothing, all three repeated': [{ ...ok, central: { extra: wide(size, size, 0) } }, 'ZIP_EXTRA'],
  'both sizes in the local header alone': [
    { ...ok, local: { size: see, packed: see, extra: wide(size, size) } },
    'ZIP_MISMATCH',
  ],
  'the size, with a wide descriptor': [
    {
      ...streamed,
      local: unknown,
      central: { size: see, extra: wide(size) },
      descriptorBytes: wideDescriptor,
    },
    'accepted',
  ],
  'the packed size, with a wide descriptor': [
    {
      ...streamed,
      local: unknown,
      central: { packed: see, extra: wide(size) },
      descriptorBytes: wideDescriptor,
    },
    'accepted',
  ],
  'the size, with a narrow descriptor': [
    {
      ...streamed,
      local: unknown,
      central: { size: see, extra: wide(size) },
      descriptorBytes: narrowDescriptor,
    },
    'ZIP_MISMATCH',
  ],
  'the offset, with a narrow descriptor': [
    {
      ...streamed,
      local: unknown,
      central: { offset: see, extra: wide(0) },
      descriptorBytes: narrowDescriptor,
    },
    'accepted',
  ],
  'the offset, with a wide descriptor': [
    {
      ...streamed,
      local: unknown,
      central: { offset: see, extra: wide(0) },
      descriptorBytes: wideDescriptor,
    },
    'ZIP_MISMATCH',
  ],
};
for (const [what, [entry, expected]] of Object.entries(zip64s)) {
  test(`C12 zip64 fields for ${what}: ${expected}`, t => t.is(verdict(entry), expected));
}
