/** The heavy set: 250 MB of packages, eight of them imported. */
import { coldStartOf } from './cold-start/compare.ts';
import { heavySet } from './cold-start/sets.ts';

export const bench = coldStartOf(heavySet);
