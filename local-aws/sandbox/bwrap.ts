/** The second rung: bubblewrap gives the same view of the disk without root. */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxed } from './child.ts';
import { removeTree } from './remove.ts';
import { findProgram, succeeds } from './shell.ts';
import { type Launch, lambdaView, type Parts, type Sandbox, type Slot } from './types.ts';

/** The rung, or the reason why this machine cannot offer it. `folder` is the run's own. */
export function openBwrap(folder: string): Sandbox | string {
  if (process.platform !== 'linux') return 'not Linux';
  const program = findProgram('bwrap');
  if (!program) return 'bwrap not installed';
  if (!succeeds(program, [...namespaces, ...systemBinds(), '/usr/bin/true'])) {
    return 'the kernel refuses bwrap its namespaces';
  }
  return {
    kind: 'bwrap',
    isolated:
      "bwrap: private root, own processes, user 993, no capabilities; memory, CPU and /tmp without limit, the network is this machine's",
    async makeSlot(name, parts) {
      const place = join(folder, name);
      await mkdir(join(place, 'tmp'), { recursive: true });
      return slotOf(program, place, parts);
    },
    async close() {},
  };
}

const namespaces =
  '--unshare-user --unshare-pid --unshare-ipc --unshare-uts --uid 993 --gid 990 --die-with-parent --new-session'.split(
    ' ',
  );

function slotOf(program: string, place: string, parts: Parts): Slot {
  return {
    view: lambdaView,
    start(launch) {
      const child = spawn(program, ['--args', '3', '--', ...launch.command], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        env: { PATH: '/usr/bin:/bin' },
      });
      // Through a pipe: variables hold credentials, and arguments of a program are seen by everybody.
      const args = child.stdio[3];
      if (args && 'end' in args) {
        args.on('error', () => {});
        args.end(
          options(place, parts, launch)
            .map(arg => `${arg}\0`)
            .join(''),
        );
      }
      return sandboxed(child);
    },
    remove: () => removeTree(place),
  };
}

function options(place: string, parts: Parts, launch: Launch): string[] {
  return [
    ...namespaces,
    ...systemBinds(),
    ...['--ro-bind', parts.opt, '/opt', '--ro-bind', parts.task, '/var/task'],
    ...['--ro-bind', parts.runtime, '/var/runtime', '--ro-bind', parts.node, '/var/lang/bin/node'],
    ...['--ro-bind', parts.links, '/node_modules', '--bind', join(place, 'tmp'), '/tmp'],
    // bwrap's own root and /dev are memory that it leaves writable; in Lambda only /tmp takes files.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', '/var/task', '--clearenv'],
    ...Object.entries(launch.environment).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

function systemBinds(): string[] {
  const binds = ['--ro-bind', '/usr', '/usr', '--proc', '/proc', '--dev', '/dev'];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64']) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) binds.push('--symlink', readlinkSync(path), path);
    else if (found) binds.push('--ro-bind', path, path);
  }
  for (const name of ['resolv.conf', 'hosts', 'nsswitch.conf', 'ld.so.cache', 'ssl', 'alternatives']) {
    if (existsSync(`/etc/${name}`)) binds.push('--ro-bind', `/etc/${name}`, `/etc/${name}`);
  }
  return binds;
}
