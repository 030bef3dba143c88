/** A function of Lambda that runs the rows in its init phase and answers with what they say. */
import path from 'node:path';
import { runRows } from './resolution-rows.ts';

const task = process.env['LAMBDA_TASK_ROOT'] ?? '';
// Nothing can be added to /var/runtime: what stands for the runtime's own packages comes last, as those do.
process.env['NODE_PATH'] += path.delimiter + path.join(task, 'runtime/node_modules');
const report = await runRows(path.join(task, 'deps.lock.json'), path.join(task, 'app.mjs'));

export const handler = async (): Promise<typeof report> => report;
