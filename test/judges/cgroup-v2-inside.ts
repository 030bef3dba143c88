/** Runs as root in the judge's kernel: a function meets its limits, and what was found is said in one line. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLocalAws } from '../../local-aws/index.ts';
import { clientOf, createFunction, invoke } from '../local-aws/support.ts';

const groups = '/sys/fs/cgroup';
const code = `
  export const handler = async event => {
    if (event.allocate) { const kept = []; for (;;) kept.push(Buffer.alloc(1 << 24, 1)); }
    const begun = performance.now();
    const used = process.cpuUsage();
    const cpu = () => { const { user, system } = process.cpuUsage(used); return user + system; };
    while (cpu() < 100_000);
    return performance.now() - begun;
  };`;
const wrong: string[] = [];
const expect = (name: string, holds: boolean, found: unknown) => {
  if (!holds) wrong.push(`${name} (found ${JSON.stringify(found)})`);
};

const local = await startLocalAws({
  port: 0,
  urlPort: 0,
  data: path.join(tmpdir(), 'data'),
  sandbox: 'unshare',
});
const lambda = clientOf(local);
try {
  const { isolated } = local.sandbox;
  expect('the line at start', isolated.includes('memory, CPU and processes limited'), isolated);
  await createFunction(lambda, 'f', { MemorySize: 256, Timeout: 300, files: { 'index.mjs': code } });
  const first = await invoke(lambda, 'f');
  // 100 ms of CPU at 256 / 1769 of a core take 690 ms; less than half of that would mean that no quota holds.
  expect('the CPU is limited', Number(first.value) > 345, first);
  const run = readdirSync(groups).find(name => name.startsWith('local-aws-run-')) ?? 'none';
  const slot = readdirSync(path.join(groups, run)).find(name => name.startsWith('slot-')) ?? 'none';
  const setting = (name: string) => readFileSync(path.join(groups, run, slot, name), 'utf8').trim();
  expect('the quota after init', setting('cpu.max') === '2894 20000', setting('cpu.max'));
  expect('the memory', setting('memory.max') === String(256 << 20), setting('memory.max'));
  expect('the processes', setting('pids.max') === '1024', setting('pids.max'));
  expect('frozen between requests', setting('cgroup.freeze') === '1', setting('cgroup.freeze'));
  const dead = await invoke(lambda, 'f', { allocate: 1 });
  expect('out of memory is killed', JSON.stringify(dead.value).includes('signal: killed'), dead.value);
  expect('and reported', dead.log.includes('Error Type: Runtime.OutOfMemory'), dead.log);
  expect('the next one runs', (await invoke(lambda, 'f')).error === undefined, 'an error');
} catch (error) {
  wrong.push(String(error));
} finally {
  lambda.destroy();
  await local.close();
}
const left = readdirSync(groups).filter(name => name.startsWith('local-aws'));
expect('nothing is left', left.length === 0, left);
process.stdout.write(
  `\nVERDICT ${wrong.length === 0 ? 'as it should be' : wrong.join('; ').replaceAll('\n', ' ')}\n`,
);
