/** Linux itself judges the limits of the sandbox under control groups of version 2: a kernel of its own, as a process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lacking, unpackDebian } from './chroot.ts';
import { execute, root } from './tools.ts';
import type { Judgement } from './types.ts';

/**
 * User Mode Linux from Debian boots on this machine's own files, read-only, with an empty /tmp; inside, root mounts
 * control groups of version 2, whatever version this machine has, and runs cgroup-v2-inside.ts. Takes two minutes.
 */
export async function cgroupV2(): Promise<readonly Judgement[]> {
  const what = 'CPU, memory and freezing of the sandbox under control groups of version 2';
  const reason = lacking() ?? (process.arch === 'x64' ? undefined : 'Debian has it for x86_64 only');
  if (reason !== undefined) return [{ what, judge: 'User Mode Linux', verdict: 'skipped', said: reason }];
  // It runs outside of its folder, on this machine's C library: that of an old release does on every newer one.
  const folder = await unpackDebian('user-mode-linux', ['user-mode-linux'], 'bookworm');
  const place = mkdtempSync(path.join(tmpdir(), 'cgroup-v2-'));
  try {
    const init = path.join(place, 'init');
    const script = path.join(import.meta.dirname, 'cgroup-v2-inside.ts');
    const lines = [
      '#!/bin/sh',
      'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root',
      'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /tmp; mount -t tmpfs run /run',
      'mount -t devtmpfs dev /dev 2>/dev/null; mount -t cgroup2 groups /sys/fs/cgroup; ip link set lo up',
      `cd ${root} && ${process.execPath} ${script} 2>&1`,
      'poweroff -f',
    ];
    writeFileSync(init, `${lines.join('\n')}\n`, { mode: 0o755 });
    const flags = ['mem=1500M', 'rootfstype=hostfs', 'ro', `init=${init}`, 'con0=null,fd:1', 'con=null'];
    const { output } = await execute('timeout', ['600', path.join(folder, 'usr/bin/linux.uml'), ...flags]);
    const judge = `Linux ${/Linux version (\S+)/.exec(output)?.[1] ?? '?'} (User Mode Linux)`;
    const said = /^VERDICT (.*)$/m.exec(output.replaceAll('\r', ''))?.[1];
    if (said === 'as it should be') return [{ what, judge, verdict: 'passed' }];
    return [{ what, judge, verdict: 'failed', said: said ?? output.slice(-1500) }];
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
