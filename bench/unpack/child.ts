/** One run of one library in a process of its own, as cold as a cold start: `child.ts LIBRARY ZIP INTO FILES BUNDLE`. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Library } from './libraries.ts';
import { loadLibrary } from './libraries.ts';

const [library = 'ours', zip = '', into = '', files = '', bundle = ''] = process.argv.slice(2);
const run = await loadLibrary(library as Library, Number(files), bundle);
const mebibyte = 1_048_576;
const before = resident('VmRSS');
const ownPages = resident('RssFile');
// Linux forgets the highest mark so far, that of the start of the process: see proc(5), clear_refs.
if (before !== undefined) writeFileSync('/proc/self/clear_refs', '5');
const start = performance.now();
await run(zip, into);
const ms = performance.now() - start;
const peak = resident('VmHWM');
// What is read of the program of Node itself for the first time is the system's cache.
const read = (resident('RssFile') ?? 0) - (ownPages ?? 0);
const memory =
  before === undefined || peak === undefined
    ? {}
    : { overZip: peak - read - before - statSync(zip).size / mebibyte };
process.stdout.write(JSON.stringify({ ms, ...memory }));

/** MiB, on Linux. */
function resident(field: 'VmRSS' | 'VmHWM' | 'RssFile'): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return found === null ? undefined : Number(found[1]) / 1_024;
}
