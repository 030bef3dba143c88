/** The three rungs of the sandbox: what each isolates and limits, and that nothing is left when the server ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import test, { type ExecutionContext } from 'ava';
import { findProgram } from '../../../local-aws/sandbox/shell.ts';
import type { SandboxKind } from '../../../local-aws/sandbox/types.ts';
import { createFunction, invoke, openBench, zipOf } from '../support.ts';

const probe = `
  import { execFileSync } from 'node:child_process';
  import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
  import { userInfo } from 'node:os';
  import layered from 'layered';
  const attempt = act => { try { return act(); } catch (error) { return error.code ?? error.message; } };
  export const handler = async event => {
    if (event.take) return attempt(() => execFileSync('fallocate', ['-l', event.take, '/tmp/big'], { stdio: 'pipe' }).length);
    if (event.allocate) { const kept = []; for (;;) kept.push(Buffer.alloc(1 << 24, 1)); }
    if (event.burn) { const begun = performance.now(); const used = process.cpuUsage(); while (process.cpuUsage(used).user + process.cpuUsage(used).system < event.burn * 1000); return performance.now() - begun; }
    return {
      layered, uid: process.getuid(), user: attempt(() => userInfo().username), root: process.env.LAMBDA_TASK_ROOT, layers: process.env.DEPS_LAYER_ROOT ?? '/opt',
      task: attempt(() => writeFileSync(process.env.LAMBDA_TASK_ROOT + '/x', '')),
      system: process.env.LAMBDA_TASK_ROOT === '/var/task' && ['/x', '/etc/x', '/dev/x'].map(path => attempt(() => writeFileSync(path, ''))),
      shadow: attempt(() => readFileSync('/etc/shadow').length),
      host: attempt(() => readdirSync('/root').length),
      raw: attempt(() => readFileSync('/proc/1/environ').length),
      files: readFileSync('/proc/self/limits', 'latin1').match(/Max open files +(\\d+)/)?.[1],
      capabilities: readFileSync('/proc/self/status', 'latin1').match(/CapEff:\\s+(\\w+)/)?.[1],
      temporary: attempt(() => writeFileSync((process.env.TMPDIR ?? '/tmp') + '/x', '')),
    };
  };`;

/** Why this rung cannot be had here, or undefined. */
function lacking(kind: SandboxKind): string | undefined {
  if (kind === 'process') return undefined;
  if (process.platform !== 'linux') return 'not Linux';
  if (kind === 'unshare') return process.getuid?.() === 0 ? undefined : 'not root';
  return findProgram('bwrap') ? undefined : 'bwrap is not installed';
}

function skips(t: ExecutionContext, kind: SandboxKind): boolean {
  const reason = lacking(kind);
  if (reason === undefined) return false;
  t.log(`SKIPPED, sandbox ${kind}: ${reason}`);
  t.pass();
  return true;
}

for (const kind of ['unshare', 'bwrap', 'process'] as const) {
  test(`${kind}: a function with a layer runs, and the line at start says what holds`, async t => {
    if (skips(t, kind)) return;
    await using bench = await openBench({ sandbox: kind });
    t.is(bench.aws.sandbox.kind, kind);
    const layer = await bench.lambda.send(
      new PublishLayerVersionCommand({
        LayerName: 'l',
        Content: { ZipFile: await zipOf({ 'nodejs/node_modules/layered/index.js': 'module.exports = 1;' }) },
      }),
    );
    await createFunction(bench.lambda, 'probe', {
      MemorySize: 1769,
      Timeout: 10,
      Layers: [layer.LayerVersionArn ?? ''],
      files: { 'index.mjs': probe },
    });
    const found = (await invoke(bench.lambda, 'probe')).value as Record<string, unknown>;
    t.is(found['layered'], 1);
    t.is(found['temporary'], undefined);
    if (kind === 'process') {
      t.regex(bench.aws.sandbox.isolated, /nothing is isolated/);
      t.true(String(found['layers']).startsWith(tmpdir()));
      return;
    }
    t.deepEqual([found['uid'], found['root'], found['layers']], [993, '/var/task', '/opt']);
    t.is(found['user'], 'sbx_user1051');
    t.is(found['capabilities'], '0000000000000000');
    t.is(found['task'], 'EROFS');
    t.deepEqual(found['system'], ['EROFS', 'EROFS', 'EROFS']);
    t.is(found['shadow'], 'ENOENT');
    t.is(found['host'], 'ENOENT');
    if (kind === 'unshare') t.deepEqual([found['files'], found['raw']], ['1024', 'EACCES']);
  });
}

test('unshare: /tmp ends at its size, memory at its limit, and after init CPU at memory / 1,769 MB of a core', async t => {
  if (skips(t, 'unshare')) return;
  await using bench = await openBench({ sandbox: 'unshare' });
  const layer = await bench.lambda.send(
    new PublishLayerVersionCommand({
      LayerName: 'l',
      Content: { ZipFile: await zipOf({ 'nodejs/node_modules/layered/index.js': '' }) },
    }),
  );
  await createFunction(bench.lambda, 'limited', {
    MemorySize: 256,
    Timeout: 30,
    Layers: [layer.LayerVersionArn ?? ''],
    files: { 'index.mjs': probe },
  });
  const run = async (event: unknown): Promise<unknown> =>
    (await invoke(bench.lambda, 'limited', event)).value;
  const line = bench.aws.sandbox.isolated;
  if (line.includes('/tmp limited')) {
    t.is(await run({ take: '500M' }), 0);
    t.regex(String(await run({ take: '600M' })), /No space left on device/);
  } else t.log('SKIPPED: no loop device, /tmp has no limit here');
  if (line.includes('memory, CPU and processes limited')) {
    const took = Number(await run({ burn: 60 }));
    // 60 ms of CPU at 256 / 1769 of a core take 415 ms; less than half of that would mean that no quota holds.
    t.true(took > 200, `${took} ms`);
    const dead = (await invoke(bench.lambda, 'limited', { allocate: 1 })) as {
      value: { errorType: string; errorMessage: string };
      log: string;
    };
    t.is(dead.value.errorType, 'Runtime.ExitError');
    t.regex(dead.value.errorMessage, /signal: killed$/);
    t.regex(dead.log, /Error Type: Runtime\.OutOfMemory/);
  } else t.log('SKIPPED: no control groups, CPU and memory have no limit here');
});

/** Starts a server in a process of its own with one function asleep and one at work; resolves with its run's folder. */
async function startVictim(
  kind: SandboxKind,
  data: string,
): Promise<{ child: ChildProcess; folder: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('victim.ts', import.meta.url)), kind, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const folder = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).once('line', resolve);
    child.once('exit', code => reject(new Error(`the victim ended with ${code}`)));
  });
  return { child, folder };
}

/**
 * Processes that the run has started: they name its folder, or work in it, or it is mounted for them (bwrap's arguments
 * are not to be seen). Linux only; elsewhere none are found.
 */
function processesOf(folder: string, kind: SandboxKind): string[] {
  if (!existsSync('/proc/self/cwd')) return [];
  const seen = (pid: string): string => {
    try {
      const mounts = kind === 'bwrap' ? readFileSync(`/proc/${pid}/mountinfo`, 'latin1') : '';
      return `${readlinkSync(`/proc/${pid}/cwd`)} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1')} ${mounts}`;
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && seen(name).includes(folder));
}

/** What is left of a run once the kernel had time to end what it was told to kill: it does so after its parent's end. */
async function lastOf(folder: string, kind: SandboxKind): Promise<string[]> {
  const until = performance.now() + 10_000;
  while (processesOf(folder, kind).length > 0 && performance.now() < until) {
    await new Promise(resolve => setImmediate(resolve));
  }
  return processesOf(folder, kind);
}

for (const [kind, signal] of [
  ['unshare', 'SIGINT'],
  ['process', 'SIGINT'],
  ['unshare', 'SIGKILL'],
  ['bwrap', 'SIGKILL'],
  ['process', 'SIGKILL'],
] as const) {
  test(`${kind}: after ${signal} ${signal === 'SIGINT' ? 'nothing is left' : 'the next start removes what is left'}`, async t => {
    if (skips(t, kind)) return;
    if (kind === 'process' && signal === 'SIGKILL' && !findProgram('setpriv')) {
      t.log('SKIPPED: no setpriv, a function at work outlives a killed server here');
      t.pass();
      return;
    }
    const data = mkdtempSync(join(tmpdir(), 'local-aws-victim-'));
    t.teardown(() => rmSync(data, { recursive: true, force: true }));
    const { child, folder } = await startVictim(kind, data);
    t.teardown(() => child.kill('SIGKILL'));
    t.true(processesOf(folder, kind).length > 0 || process.platform !== 'linux');
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    if (signal === 'SIGKILL') {
      const next = await openBench({ sandbox: kind });
      await next[Symbol.asyncDispose]();
    }
    t.false(existsSync(folder));
    t.deepEqual(await lastOf(folder, kind), []);
    for (const controller of ['cpu', 'memory', 'freezer', 'pids', '']) {
      const groups = `/sys/fs/cgroup/${controller}`;
      if (existsSync(groups)) t.false(readdirSync(groups).includes(basename(folder)), controller);
    }
  });
}
