/** Preloaded with `--import` into a measured process and its children: each adds its peak memory, in MiB, to a file at its end. */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['PEAK_FILE'];

if (file && isMainThread) {
  process.on('exit', () => {
    // Of the whole process, its worker threads too: proc(5).
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) appendFileSync(file, `${Number(found[1]) / 1_024}\n`);
  });
}
