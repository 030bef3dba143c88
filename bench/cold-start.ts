/** The service set: this project’s own production dependencies. The headline figure. */
import { coldStartOf } from './cold-start/compare.ts';
import { serviceSet } from './cold-start/sets.ts';

export const bench = coldStartOf(serviceSet);
