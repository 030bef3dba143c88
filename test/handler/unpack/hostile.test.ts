/** C1 to C15: every archive of our own hostile set is refused with its code, and nothing is left. */
import test from 'ava';
import { hostileArchives } from '../../support/zips/hostile.ts';
import { messageOf, refused } from './support.ts';

for (const { row, title, code, zip } of hostileArchives) {
  test(`${row} ${title} is refused as ${code}`, t => refused(t, zip(), code));
}

test('what is said about every hostile archive: where, what was expected, what was found', t => {
  // Digits are left out: the size of deflated data differs between builds of zlib.
  const said = hostileArchives.map(({ row, title, zip }) => {
    return `${row} ${title}: ${messageOf(zip()).replace(/\d+/g, 'N')}`;
  });
  t.snapshot(said);
});
