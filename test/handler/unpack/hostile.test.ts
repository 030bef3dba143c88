/** C1 to C15: every archive of our own hostile set is refused with its code, and nothing is left. */
import test from 'ava';
import { hostileArchives } from '../../support/zips/hostile.ts';
import { refused } from './support.ts';

for (const { row, title, code, zip } of hostileArchives) {
  test(`${row} ${title} is refused as ${code}`, t => refused(t, zip(), code));
}
