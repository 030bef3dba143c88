/** The first rung: root makes namespaces, a private root of read-only binds, and drops everything before Node starts. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chown, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type Base, makeBase } from './base.ts';
import { openCgroups } from './cgroup.ts';
import { sandboxed } from './child.ts';
import { exportLines, findProgram, quote, succeeds } from './shell.ts';
import { type Launch, lambdaView, type Parts, type Sandbox, type Slot } from './types.ts';

/** The user and group that Lambda runs functions as. */
const uid = 993;
const gid = 990;
const run = promisify(execFile);

/** The rung, or the reason why this machine cannot offer it. `folder` is the run's own. */
export async function openUnshare(folder: string): Promise<Sandbox | string> {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  const missing = ['unshare', 'setpriv', 'chroot', 'mount', 'mkfs.ext4'].filter(name => !findProgram(name));
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  if (!succeeds('unshare', ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', 'true'])) {
    return 'the kernel refuses new namespaces';
  }
  const loop = await canLoopMount(folder);
  const cgroups = await openCgroups(basename(folder));
  const base = await makeBase(join(folder, 'base'));
  return {
    kind: 'unshare',
    isolated: describe(loop, cgroups !== undefined),
    async makeSlot(name, parts) {
      const place = join(folder, name);
      await mkdir(join(place, 'root'), { recursive: true });
      await writeFile(join(place, 'fstab'), mountTable(join(place, 'root'), parts, base));
      await makeTmp(place, parts.tmpMb, loop);
      return slotOf(name, place, parts);
    },
    async close() {
      cgroups?.close();
    },
  };

  function slotOf(name: string, place: string, parts: Parts): Slot {
    return {
      view: lambdaView,
      start(launch) {
        const group = cgroups?.make(name, { memoryMb: parts.memoryMb, processes: 1024 });
        const child = spawn(
          'setpriv',
          [
            '--pdeathsig',
            'KILL',
            'unshare',
            ...namespaces,
            '/bin/sh',
            '-c',
            script(place, launch, loop, group?.doors ?? []),
          ],
          {
            stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
            env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
            cwd: '/',
          },
        );
        // The function's variables go through a pipe to its own user's shell: never into root's programs, never into ps.
        const variables = child.stdio[3];
        if (variables && 'end' in variables) {
          variables.on('error', () => {});
          variables.end(exportLines(launch.environment));
        }
        group?.setCpu(1);
        const began = new Promise<void>(resolve => child.stdio[4]?.once('data', () => resolve()));
        return sandboxed(child, { group, began });
      },
      remove: () => rm(place, { recursive: true, force: true, maxRetries: 5 }),
    };
  }
}

const namespaces = [
  '--mount',
  '--propagation',
  'private',
  '--pid',
  '--ipc',
  '--uts',
  '--fork',
  '--kill-child',
];

/** Runs as root in fresh namespaces; everything it mounts goes when its last process ends. */
function script(place: string, launch: Launch, loop: boolean, doors: readonly string[]): string {
  const root = join(place, 'root');
  return [
    'set -e',
    // One program for all of them: each start of a program costs a millisecond.
    `mount -a -T ${quote(join(place, 'fstab'))}`,
    loop
      ? patiently(`mount -o loop,nosuid,nodev ${quote(join(place, 'tmp.ext4'))} ${quote(`${root}/tmp`)}`)
      : `mount -o bind,nosuid,nodev ${quote(join(place, 'tmp'))} ${quote(`${root}/tmp`)}`,
    `rmdir ${quote(`${root}/tmp/lost+found`)} 2>/dev/null || true`,
    // Only now: under a small quota the mounts themselves would take long.
    ...doors.map(door => `echo 0 > ${quote(door)}`),
    'ulimit -n 1024; ulimit -c 0',
    // Tells that the sandbox is made.
    'echo >&4; exec 4>&-',
    `chroot ${quote(root)} /usr/bin/setpriv --reuid=${uid} --regid=${gid} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs /bin/sh -c 'cd /var/task; eval "$(cat <&3)"; exec 3<&-; exec "$@"' sh ${launch.command.map(quote).join(' ')} &`,
    'exec 3<&-',
    'set +e; wait $!; exit $?',
  ].join('\n');
}

/** The mounts of a root, as mount(8) reads them from a table. */
function mountTable(root: string, parts: Parts, base: Base): string {
  const binds: readonly (readonly [string, string])[] = [
    [base.folder, ''],
    ...base.binds.map(path => [path, path] as const),
    [parts.opt, '/opt'],
    [parts.task, '/var/task'],
    [parts.runtime, '/var/runtime'],
    [parts.node, '/var/lang/bin/node'],
    [parts.links, '/node_modules'],
  ];
  const written = (path: string): string =>
    path.replaceAll(/[\s\\#]/g, c => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return [
    ...binds.map(([from, to]) => `${written(from)} ${written(root + to)} none bind,ro 0 0\n`),
    `proc ${written(`${root}/proc`)} proc nosuid,nodev,noexec 0 0\n`,
  ].join('');
}

/** Two mounts at the same moment may choose the same loop device, and one is refused: it tries again. */
function patiently(command: string): string {
  return `for left in 9 8 7 6 5 4 3 2 1 0; do ${command} && break; test $left -gt 0; sleep 0.0$left; done`;
}

async function makeTmp(place: string, tmpMb: number, loop: boolean): Promise<void> {
  if (!loop) {
    await mkdir(join(place, 'tmp'));
    return chown(join(place, 'tmp'), uid, gid);
  }
  const image = join(place, 'tmp.ext4');
  await writeFile(image, '');
  // A file full of holes; 3 % more than asked for, which is what the file system's own tables take.
  await truncate(image, Math.ceil(tmpMb * 1.03) * 1024 * 1024);
  await run('mkfs.ext4', [
    '-q',
    '-F',
    '-m',
    '0',
    '-O',
    '^has_journal',
    '-E',
    `lazy_itable_init=1,root_owner=${uid}:${gid}`,
    image,
  ]);
}

async function canLoopMount(folder: string): Promise<boolean> {
  const probe = join(folder, 'probe');
  await mkdir(join(probe, 'tmp'), { recursive: true });
  try {
    await makeTmp(probe, 1, true);
    const mount = `mount -o loop ${quote(join(probe, 'tmp.ext4'))} ${quote(join(probe, 'tmp'))}`;
    return spawnSync('unshare', ['--mount', '/bin/sh', '-c', mount], { stdio: 'ignore' }).status === 0;
  } catch {
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

function describe(loop: boolean, limited: boolean): string {
  const tmp = loop ? '/tmp limited' : '/tmp without limit';
  const limits = limited
    ? 'memory, CPU and processes limited'
    : 'no control groups: memory and CPU without limit';
  return `unshare: private root, own processes, user ${uid}, no capabilities, ${tmp}, ${limits}; the network is this machine's`;
}
