/** Pure: whether native code runs on the target machine. */
import type { Architecture, Runtime } from '../../../artifact/lock.ts';
import { BuilderError } from '../../errors.ts';
import type { Elf } from './elf.ts';
import { isElf, isNewer, readElf } from './elf.ts';

export interface NativeTarget {
  readonly architecture: Architecture;
  readonly runtime: Runtime;
}

/** Amazon Linux 2023, which both runtimes are made of. https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages.html */
const glibc = '2.34';

/** https://github.com/nodejs/node/blob/main/doc/abi_version_registry.json */
const moduleAbi: Readonly<Record<Runtime, number>> = { 'nodejs24.x': 137, 'nodejs22.x': 127 };

/**
 * Folders of binaries for many machines: `prebuilds/linux-x64/` of prebuildify, `linux_arm64/` of koffi,
 * `linux/arm64/` of onnxruntime-node.
 */
const platformFolder =
  /(?:^|\/)(android|aix|darwin|freebsd|linux|linuxmusl|mac|macos|musl|netbsd|openbsd|osx|sunos|win|win32|windows)[-_/]([a-z0-9]+(?:_64)?(?:\+[a-z0-9]+)*)(?:\/|$)/;

/** Machines of Lambda, by the names that folders have for them. */
const folderNames: Readonly<Record<Architecture, readonly string[]>> = {
  arm64: ['arm64', 'aarch64'],
  x86_64: ['x64', 'x86_64', 'amd64'],
};

/** True for a binary that names another machine or runtime in its path: nothing on the target ever loads it. */
export function isForeignBinary(path: string, target: NativeTarget): boolean {
  // Addons of the runtime Bare, which npm packages bring along for it.
  if (path.endsWith('.bare')) return true;
  if (!/\.(node|so(\.\d+)*|dylib|dll|exe)$/i.test(path)) return false;
  if (/[.-]musl\b/.test(path)) return true;
  const [, system, machines] = platformFolder.exec(path) ?? [];
  if (system === undefined || machines === undefined) return false;
  const own = folderNames[target.architecture];
  return system !== 'linux' || !machines.split('+').some(machine => own.includes(machine));
}

/**
 * What a file of machine code asks for; undefined for all others.
 *
 * Throws `NATIVE_MISMATCH` for an addon, library or program of another machine, of another C library, of a newer
 * glibc than the target has, or compiled for another version of Node's module ABI.
 */
export function checkNative(
  packageName: string,
  path: string,
  bytes: Buffer,
  target: NativeTarget,
): Elf | undefined {
  const mismatch = (expected: string, found: string) =>
    new BuilderError(
      'NATIVE_MISMATCH',
      `${path} of ${packageName} does not run on the target (expected ${expected}, found ${found})`,
      {
        hint: `use a version of ${packageName} with binaries for linux-${target.architecture === 'arm64' ? 'arm64' : 'x64'} (glibc), or leave it out with the configuration key "exclude"`,
        details: { package: packageName, file: path, expected, found },
      },
    );
  if (!isElf(bytes)) {
    if (path.endsWith('.node')) throw mismatch('an ELF file', formatOf(bytes));
    return undefined;
  }
  let elf: Elf | undefined;
  try {
    elf = readElf(bytes);
  } catch {
    throw mismatch('an ELF file', 'one that is damaged or cut short');
  }
  if (!elf) return undefined;
  if (elf.machine !== target.architecture) throw mismatch(target.architecture, elf.machine);
  // Some linkers write musl's library as plain libc.so; glibc's is always libc.so.6.
  const musl = [...elf.needed, elf.loader ?? ''].find(name => /musl|^libc\.so$/.test(name));
  if (musl !== undefined) throw mismatch('glibc (libc.so.6)', `musl (${musl})`);
  if (elf.glibc !== undefined && isNewer(elf.glibc, glibc))
    throw mismatch(`glibc ${glibc} or older`, `glibc ${elf.glibc}`);
  const abi = moduleAbi[target.runtime];
  if (elf.moduleAbi !== undefined && elf.moduleAbi !== abi) {
    throw mismatch(`Node-API or module ABI ${abi} (${target.runtime})`, `module ABI ${elf.moduleAbi}`);
  }
  return elf;
}

function formatOf(bytes: Buffer): string {
  const start = bytes.subarray(0, 4).toString('hex');
  if (start.startsWith('4d5a')) return 'a Windows file';
  if (/^(cffaedfe|cefaedfe|cafebabe|feedfac)/.test(start)) return 'a macOS file';
  return `a file that starts with 0x${start}`;
}
