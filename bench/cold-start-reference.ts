/** The reference service, which imports Koa and its router only. */
import { coldStartOf } from './cold-start/compare.ts';
import { referenceSet } from './cold-start/sets.ts';

export const bench = coldStartOf(referenceSet);
