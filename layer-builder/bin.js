#!/usr/bin/env node
// Starts the command line on a Node that runs TypeScript by stripping types (22.18 or later). Plain JavaScript, so that
// `npx layer-builder` also works where the Node on the PATH is older: it then hands over to the one of the `node` package.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const oldest = '22.18';
const here = dirname(fileURLToPath(import.meta.url));

if (isNewEnough(process.versions.node)) {
  await import('./remember.js');
  await import('./strip.js');
  await import('./cli.ts');
} else {
  const node = findNode();
  if (node === undefined) refuse();
  else handOver(node);
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  // 23 strips types from 23.6 on, and is no longer maintained
  return major >= 24 || (major === 22 && minor >= 18);
}

function findNode() {
  for (const from of [here, process.cwd()]) {
    try {
      const require = createRequire(pathToFileURL(join(from, 'x.js')));
      const node = join(dirname(require.resolve('node/package.json')), 'bin', 'node');
      if (existsSync(node)) return node;
    } catch {
      // not installed there
    }
  }
  return undefined;
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', refuse);
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
}

function refuse() {
  const message = `Node is too old (expected ${oldest} or later, found ${process.versions.node})`;
  const hint = 'install Node 24, or add it to the project: npm install --save-dev node@24';
  if (process.argv.includes('--json')) {
    const details = { expected: oldest, found: process.versions.node };
    process.stdout.write(`${JSON.stringify({ error: { code: 'NODE_TOO_OLD', message, hint, details } })}\n`);
  } else process.stderr.write(`error NODE_TOO_OLD: ${message}\nhint: ${hint}\n`);
  process.exitCode = 1;
}
