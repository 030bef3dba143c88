/** The skeleton of the private root, made once a run: folders, links, devices and the few files of /etc. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userFiles } from './users.ts';

/** The skeleton and the folders of this machine that are bound over it, read-only, under their own names. */
export interface Base {
  readonly folder: string;
  readonly binds: readonly string[];
}

const folders = [
  'usr',
  'etc',
  'dev',
  'proc',
  'tmp',
  'opt',
  'var/task',
  'var/runtime',
  'var/lang/bin',
  'node_modules',
];
const systemFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64'];
const etc = ['resolv.conf', 'hosts', 'nsswitch.conf', 'ld.so.cache', 'localtime'];
const devices = [
  ['null', '1', '3'],
  ['zero', '1', '5'],
  ['random', '1', '8'],
  ['urandom', '1', '9'],
] as const;

/** Makes the skeleton in `folder`. Nothing of the machine's /etc is in it but name resolution and the linker's cache. */
export async function makeBase(folder: string): Promise<Base> {
  for (const name of folders) await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
  await writeFile(join(folder, 'var/lang/bin/node'), '');
  for (const [name, text] of Object.entries(userFiles)) await writeFile(join(folder, 'etc', name), text);
  for (const name of etc) {
    const source = join('/etc', name);
    if (existsSync(source)) await copyFile(source, join(folder, 'etc', name));
  }
  const binds = ['/usr'];
  for (const path of systemFolders) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) await symlink(readlinkSync(path), join(folder, path));
    else if (found) {
      await mkdir(join(folder, path));
      binds.push(path);
    }
  }
  for (const path of ['/etc/ssl', '/etc/pki', '/etc/alternatives']) {
    if (!existsSync(path)) continue;
    await mkdir(join(folder, path));
    binds.push(path);
  }
  await makeDevices(join(folder, 'dev'));
  await chmod(join(folder, 'proc'), 0o555);
  return { folder, binds };
}

async function makeDevices(folder: string): Promise<void> {
  for (const [name, major, minor] of devices) {
    spawnSync('mknod', ['-m', '666', join(folder, name), 'c', major, minor]);
  }
  for (const [name, target] of [
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
  ] as const) {
    await symlink(target, join(folder, name));
  }
}
