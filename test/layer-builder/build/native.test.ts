/** Native code must fit the target machine, in both directions, with a real package. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import unzipper from 'unzipper';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { checkNative, isForeignBinary } from '../../../layer-builder/build/native/check.ts';
import { readElf } from '../../../layer-builder/build/native/elf.ts';
import { findTargetNode } from '../../../layer-builder/build/node.ts';
import { makeElf } from './elf.ts';
import { importing, makeProject, temporaryFolder, write } from './project.ts';
import { addPackages } from './tarball.ts';

const binaries = {
  'x64-gnu':
    'sha512-DFd0eV47MAykz4PQDcBSlEvY3CtXqPt2gkBpvPngCpOUoIJgEk9tKtPjEgUwLatMkvsy4fEvAg7gckGickOyEw==',
  'arm64-gnu':
    'sha512-Vr1P3+WF+RsUVI8CNLiunl1vuzdpgTR1sf9PxgQFr3o//hh2KdqJeU4zZsFVTn+GbGZtqvRoba0wi8nKMzRLeg==',
};
const version = '1.10.8';

function makeNativeProject(t: Parameters<typeof makeProject>[0], architecture: string): string {
  const name = '@node-rs/crc32';
  const optionalDependencies = Object.fromEntries(
    Object.keys(binaries).map(kind => [`${name}-linux-${kind}`, version]),
  );
  const project = makeProject(t, {
    files: { 'app.js': `import { crc32 } from '${name}'; export const app = crc32;` },
    manifest: { dependencies: { [name]: version }, 'layer-builder': { architecture } },
  });
  const platforms = Object.entries(binaries).map(([kind, integrity]) => [
    `node_modules/${name}-linux-${kind}`,
    {
      version,
      integrity,
      license: 'MIT',
      optional: true,
      os: ['linux'],
      cpu: [kind.split('-')[0]],
      libc: ['glibc'],
    },
  ]);
  // The platforms that no test builds for are left out of this lockfile.
  write(project, 'package-lock.json', {
    ...{ name: 'sample', version: '1.0.0', lockfileVersion: 3, requires: true },
    packages: {
      '': { name: 'sample', version: '1.0.0', dependencies: { [name]: version } },
      [`node_modules/${name}`]: {
        version,
        integrity:
          'sha512-gOYKFwkojSdWrSmreCcGocRcAXSpRkNZYxv6nscmtddSWBKVGypdMbfLxu5qgmymdaCNApajuwZblYEfs7HswA==',
        license: 'MIT',
        optionalDependencies,
      },
      ...Object.fromEntries(platforms),
    },
  });
  return project;
}

for (const [architecture, kind] of [
  ['x86_64', 'x64'],
  ['arm64', 'arm64'],
] as const) {
  test(`a real native package for ${architecture} brings the binary of that machine and no other`, async t => {
    const { artifacts } = await buildProject(makeNativeProject(t, architecture));
    const path = artifacts[0]?.path ?? '';
    const { files } = await unzipper.Open.buffer(readFileSync(path));
    const addons = files.filter(file => file.path.endsWith('.node'));
    t.deepEqual(
      addons.map(file => file.path.split('/').at(-1)),
      [`crc32.linux-${kind}-gnu.node`],
    );
    const elf = readElf(await (addons[0]?.buffer() ?? Promise.resolve(Buffer.alloc(0))));
    t.is(elf?.machine, architecture);
    t.is(elf?.moduleAbi, undefined);
    const other = architecture === 'arm64' ? 'x86_64' : 'arm64';
    const bytes = await addons[0]?.buffer();
    const error = t.throws<Error & { code: string }>(() =>
      checkNative('p', 'a.node', bytes ?? Buffer.alloc(0), { architecture: other, runtime: 'nodejs24.x' }),
    );
    t.is(error.code, 'NATIVE_MISMATCH');
    t.true(error.message.includes(`expected ${other}, found ${architecture}`), error.message);
  });
}

interface Fault {
  readonly title: string;
  readonly elf: Buffer;
  readonly found: RegExp;
}

const faults: readonly Fault[] = [
  { title: 'another machine', elf: makeElf({ machine: 183 }), found: /found arm64/ },
  { title: 'a 32-bit file', elf: makeElf({ bits: 1 }), found: /found 32-bit/ },
  { title: 'musl', elf: makeElf({ needed: 'libc.musl-x86_64.so.1' }), found: /found musl/ },
  { title: 'musl as libc.so', elf: makeElf({ needed: 'libc.so' }), found: /found musl \(libc\.so\)/ },
  {
    title: 'a newer glibc',
    elf: makeElf({ glibc: 'GLIBC_2.38' }),
    found: /expected glibc 2\.34 or older, found glibc 2\.38/,
  },
  {
    title: 'another module ABI',
    elf: makeElf({ symbol: 'node_register_module_v115' }),
    found: /found module ABI 115/,
  },
  { title: 'a file that is cut short', elf: makeElf({}).subarray(0, 100), found: /damaged or cut short/ },
  { title: 'a Windows file', elf: Buffer.from('4d5a9000', 'hex'), found: /a Windows file/ },
  { title: 'a macOS file', elf: Buffer.from('cffaedfe', 'hex'), found: /a macOS file/ },
];

for (const { title, elf, found } of faults) {
  test(`${title} fails with package, file, expected, found and a remedy`, t => {
    const error = t.throws<Error & { code: string; hint: string }>(() =>
      checkNative('sharp', 'build/sharp.node', elf, { architecture: 'x86_64', runtime: 'nodejs24.x' }),
    );
    t.is(error.code, 'NATIVE_MISMATCH');
    t.regex(error.message, /build\/sharp\.node of sharp/);
    t.regex(error.message, found);
    t.regex(error.hint, /linux-x64/);
  });
}

test('what runs on Amazon Linux 2023 is accepted', t => {
  for (const elf of [
    makeElf({}),
    makeElf({ glibc: 'GLIBC_2.34' }),
    makeElf({ symbol: 'node_register_module_v137' }),
    makeElf({ symbol: 'napi_register_module_v1' }),
  ]) {
    t.notThrows(() => checkNative('p', 'a.node', elf, { architecture: 'x86_64', runtime: 'nodejs24.x' }));
  }
});

const foreign: readonly [path: string, foreign: boolean][] = [
  ['prebuilds/darwin-x64+arm64/node.napi.node', true],
  ['prebuilds/win32-x64/node.napi.node', true],
  ['prebuilds/linux-arm64/node.napi.node', true],
  ['prebuilds/linux-x64/node.napi.musl.node', true],
  ['prebuilds/linux-x64/node.napi.glibc.node', false],
  ['prebuilds/linux-x64/addon.bare', true],
  ['build/koffi/linux_arm64/koffi.node', true],
  ['build/koffi/musl_x64/koffi.node', true],
  ['build/koffi/linux_x64/koffi.node', false],
  ['bin/napi-v6/linux/arm64/libonnxruntime.so.1', true],
  ['bin/napi-v6/darwin/arm64/libonnxruntime.1.23.2.dylib', true],
  ['bin/napi-v6/linux/x64/libonnxruntime.so.1', false],
  ['lib/linux/x86_64/a.node', false],
  ['build/Release/addon.node', false],
  ['lib/linux-arm64/index.js', false],
];

test('prebuilt binaries that name another machine are left out', t => {
  for (const [path, expected] of foreign)
    t.is(isForeignBinary(path, { architecture: 'x86_64', runtime: 'nodejs24.x' }), expected, path);
});

test('a build with a binary of another machine stops with NATIVE_MISMATCH and leaves the last build', async t => {
  const project = makeProject(t, { files: { 'app.js': importing(['addon']) } });
  addPackages(project, [
    {
      name: 'addon',
      files: { 'index.js': `module.exports = 1;`, 'build/addon.node': makeElf({ machine: 183 }) },
    },
  ]);
  const error = await t.throwsAsync<Error & { code: string }>(buildProject(project));
  t.is(error.code, 'NATIVE_MISMATCH');
  t.throws(() => readFileSync(join(project, 'deps.lock.json')));
});

test('a program without a suffix is machine code too: its package stays whole and needs no install script', async t => {
  const project = makeProject(t, { files: { 'app.js': importing(['tool']) } });
  const run = `exports.run = () => require.resolve('tool-' + process.platform + '/bin/tool');`;
  addPackages(project, [
    {
      name: 'tool',
      manifest: { scripts: { postinstall: 'exit 1' }, optionalDependencies: { 'tool-linux': '1.0.0' } },
      files: { 'index.js': run },
    },
    { name: 'tool-linux', manifest: { os: ['linux'] }, files: { 'bin/tool': makeElf({}) } },
  ]);
  const { artifacts, warnings } = await buildProject(project);
  const { files } = await unzipper.Open.buffer(readFileSync(artifacts[0]?.path ?? ''));
  t.true(files.some(file => file.path === 'nodejs/node_modules/tool-linux/bin/tool'));
  t.deepEqual(warnings, []);
});

test('the Node of the runtime is the running one, else a package of the project', t => {
  const project = temporaryFolder(t);
  const running = `nodejs${process.versions.node.split('.')[0]}.x`;
  t.is(findTargetNode(running as 'nodejs24.x', project).path, process.execPath);
  const other = running === 'nodejs22.x' ? 'nodejs24.x' : 'nodejs22.x';
  t.false(findTargetNode(other, project).matches);
  const path = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
  write(project, path, `#!/bin/sh\necho v${other.slice(6, 8)}.1.0\n`);
  chmodSync(join(project, path), 0o755);
  const version = `v${other.slice(6, 8)}.1.0`;
  t.deepEqual(findTargetNode(other, project), { path: join(project, path), version, matches: true });
});
