/** The second rung: bubblewrap gives the same view of the disk without root. */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxed } from './child.ts';
import { removeTree } from './remove.ts';
import { findProgram, succeeds } from './shell.ts';
import { type Launch, lambdaView, type Parts, type Sandbox, type Slot } from './types.ts';
import { userFiles } from './users.ts';

/** The rung, or the reason why this machine cannot offer it. `folder` is the run's own. */
export function openBwrap(folder: string): Sandbox | string {
  if (process.platform !== 'linux') return 'not Linux';
  const program = findProgram('bwrap');
  if (!program) return 'bwrap not installed';
  if (!succeeds(program, [...namespaces, ...systemBinds(), '/usr/bin/true'])) {
    return 'the kernel refuses bwrap its namespaces';
  }
  const users = writeUsers(join(folder, 'etc'));
  return {
    kind: 'bwrap',
    isolated:
      "bwrap: private root, own processes, user 993, no capabilities; memory, CPU and /tmp without limit, the network is this machine's",
    async makeSlot(name, parts) {
      const place = join(folder, name);
      await mkdir(join(place, 'tmp'), { recursive: true });
      return slotOf({ program, place, users }, parts);
    },
    async close() {},
  };
}

const namespaces =
  '--unshare-user --unshare-pid --unshare-ipc --unshare-uts --uid 993 --gid 990 --die-with-parent --new-session'.split(
    ' ',
  );

/** What every slot of a run shares, and its own place. */
interface Facts {
  readonly program: string;
  readonly place: string;
  /** Options of bwrap for the files of users. */
  readonly users: readonly string[];
}

function slotOf({ program, place, users }: Facts, parts: Parts): Slot {
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
          options({ place, users }, parts, launch)
            .map(arg => `${arg}\0`)
            .join(''),
        );
      }
      return sandboxed(child);
    },
    remove: () => removeTree(place),
  };
}

function options({ place, users }: Omit<Facts, 'program'>, parts: Parts, launch: Launch): string[] {
  return [
    ...namespaces,
    ...systemBinds(),
    ...users,
    ...['--ro-bind', parts.opt, '/opt', '--ro-bind', parts.task, '/var/task'],
    ...['--ro-bind', parts.runtime, '/var/runtime', '--ro-bind', parts.node, '/var/lang/bin/node'],
    ...['--ro-bind', parts.links, '/node_modules', '--bind', join(place, 'tmp'), '/tmp'],
    // bwrap's own root and /dev are memory that it leaves writable; in Lambda only /tmp takes files.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', '/var/task', '--clearenv'],
    ...Object.entries(launch.environment).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

function writeUsers(folder: string): string[] {
  mkdirSync(folder);
  return Object.entries(userFiles).flatMap(([name, text]) => {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    return ['--ro-bind', join(folder, name), `/etc/${name}`];
  });
}

function systemBinds(): string[] {
  const binds = ['--ro-bind', '/usr', '/usr', '--proc', '/proc', '--dev', '/dev'];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64']) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) binds.push('--symlink', readlinkSync(path), path);
    else if (found) binds.push('--ro-bind', path, path);
  }
  const etc = [
    'resolv.conf',
    'hosts',
    'nsswitch.conf',
    'ld.so.cache',
    'localtime',
    'ssl',
    'pki',
    'alternatives',
  ];
  for (const name of etc) {
    if (existsSync(`/etc/${name}`)) binds.push('--ro-bind', `/etc/${name}`, `/etc/${name}`);
  }
  return binds;
}
