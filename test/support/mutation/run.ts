/**
 * `npm run mutation [-- lock|unpack|download|store [FILE …]]`: changes the sources in every small way and asks whether a test
 * notices. Prints the changes that none noticed and the score of each file; exit status 1 under 85 %.
 */
import { globSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

interface Target {
  readonly sources: readonly string[];
  /** Tests in one process with the sources: what a child process runs is not mutated. The quick ones come first. */
  readonly tests: readonly string[];
}

const targets: Readonly<Record<string, Target>> = {
  lock: {
    sources: ['artifact/lock.ts', 'handler/lock.ts'],
    tests: ['test/artifact/lock.test.ts', 'test/handler/loader/lock.test.ts'],
  },
  unpack: {
    sources: ['unpack', 'write', 'second']
      .map(name => `handler/${name}.ts`)
      .concat(globSync('handler/zip/*.ts')),
    tests: [
      'unpack',
      'disk',
      'second',
      'inflate',
      'extra',
      'untrusted',
      'hostile',
      'mutations',
      'properties',
    ].map(name => `test/handler/unpack/${name}.test.ts`),
  },
  download: {
    sources: [...globSync('handler/download/*.ts'), 'handler/fetch.ts', 'handler/retriable.ts'],
    tests: [
      'answer',
      'decide',
      'watchdogs',
      'retriable',
      'settings',
      'credentials',
      'wire',
      'answers',
      'bodies',
      'faults',
      'handles',
    ].map(name => `test/handler/loader/${name}.test.ts`),
  },
  store: {
    sources: ['store', 'copy', 'sweep', 'disk'].map(name => `handler/${name}.ts`),
    tests: ['races', 'faults', 'leftovers', 'handles'].map(name => `test/handler/loader/${name}.test.ts`),
  },
};

/** What a test may import or read; Stryker works on a copy of it. */
const rooms = ['artifact', 'docs', 'handler', 'layer-builder', 'local-aws', 'test'];

const [only, ...files] = process.argv.slice(2);
for (const name of only === undefined ? Object.keys(targets) : [only]) {
  const target = targets[name];
  if (target === undefined) {
    process.stderr.write(`unknown target ${name} (expected ${Object.keys(targets).join(', ')})\n`);
    process.exit(2);
  }
  const folder = `.layer-builder/mutation/${name}`;
  // a run that was stopped leaves its copy
  rmSync(folder, { recursive: true, force: true });
  await new Stryker({
    mutate: [...(files.length > 0 ? files : target.sources)],
    testRunner: 'inline',
    inline: { sources: target.sources, tests: target.tests },
    plugins: [fileURLToPath(new URL('runner.ts', import.meta.url))],
    coverageAnalysis: 'perTest',
    concurrency: 1,
    // above the slowest test by far: a mutant that is late for want of a processor is not one that was noticed
    timeoutMS: 5000,
    timeoutFactor: 1,
    tempDirName: folder,
    ignorePatterns: ['*', ...rooms.map(room => `!${room}/**`), '!package.json'],
    reporters: ['clear-text', 'json', 'progress'],
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: `node_modules/.cache/mutation/${name}.json` },
    thresholds: { high: 95, low: 90, break: 85 },
    warnings: false,
  }).runMutationTest();
}
