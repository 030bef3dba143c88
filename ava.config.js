/** How ava runs: TypeScript by Node's type stripping, one process a file. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  timeout: '3m',
  // as threads of one process the tests need a fifth more time: each program they start is forked off a gigabyte then
  workerThreads: false,
  // a quarter of a test file's time is waiting: for processes it started, for retries, for time-outs under test
  concurrency: Math.max(3, availableParallelism()),
  // the canary run: a secret of a test in any output fails it
  require: ['./test/support/watch-output.ts'],
  environmentVariables: {
    // what one file has stripped and compiled, the next one reads: a sixth of the suite's time
    NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/layer-builder-tests', import.meta.url)),
  },
};
