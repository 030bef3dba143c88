/** Unpacks the archives named on the command line, one after the other, and prints by how much memory grew at most. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';

const [into = '', ...paths] = process.argv.slice(2);
// The first run pays for the code itself: what is asked here is what archives cost.
tryUnpack(fs.readFileSync(paths[0] ?? ''), join(into, 'warm'));
const growth = paths.map((path, index) => {
  const zip = fs.readFileSync(path);
  // Linux forgets the highest mark so far, that of the start of the process: see proc(5), clear_refs.
  fs.writeFileSync('/proc/self/clear_refs', '5');
  const before = residentKilobytes('VmRSS');
  const outcome = tryUnpack(zip, join(into, `${index}`));
  return { path, outcome, grownKilobytes: residentKilobytes('VmHWM') - before };
});
process.stdout.write(JSON.stringify(growth));

function residentKilobytes(field: 'VmRSS' | 'VmHWM'): number {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
}

function tryUnpack(zip: Buffer, target: string): string {
  try {
    unpack(zip, target);
    return 'accepted';
  } catch (error) {
    if (error instanceof HandlerError) return error.code;
    throw error;
  }
}
