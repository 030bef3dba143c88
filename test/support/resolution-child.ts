/** A process of its own that runs the rows and prints what they say. */
import { runRows } from './resolution-rows.ts';

const { LOAD_LOCK = '', LOAD_APP = '' } = process.env;
process.stdout.write(`${JSON.stringify(await runRows(LOAD_LOCK, LOAD_APP))}\n`);
