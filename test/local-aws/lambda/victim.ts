/** A server to be killed: one function idle, one at work. Writes the folder of its run, then waits for a signal. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxKind } from '../../../local-aws/sandbox/types.ts';
import { createFunction, invoke, openBench } from '../support.ts';

const bench = await openBench({ sandbox: process.argv[2] as SandboxKind, data: process.argv[3] ?? '' });
process.once('SIGINT', async () => {
  await bench[Symbol.asyncDispose]();
  process.exit(0);
});
await createFunction(bench.lambda, 'idle');
await invoke(bench.lambda, 'idle');
await createFunction(bench.lambda, 'busy', {
  Timeout: 300,
  files: { 'index.mjs': 'export const handler = async () => { for (;;); };' },
});
invoke(bench.lambda, 'busy').catch(() => {});
const folder = readdirSync(tmpdir()).find(name => name.startsWith(`local-aws-run-${process.pid}-`)) ?? '';
// The second slot is made when the function at work is on its way.
while (!readdirSync(join(tmpdir(), folder)).includes('slot-2')) await new Promise(setImmediate);
process.stdout.write(`${join(tmpdir(), folder)}\n`);
