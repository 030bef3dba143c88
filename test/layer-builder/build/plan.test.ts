/** The pure part of a build: reach, roots, the cut lockfile, the warnings. */
import test from 'ava';
import { nearest } from '../../../layer-builder/config/check.ts';
import { completeConfig } from '../../../layer-builder/config.ts';
import { planWarnings } from '../../../layer-builder/plan/build.ts';
import { fits, planReach } from '../../../layer-builder/plan/reach.ts';
import { planRoots } from '../../../layer-builder/plan/roots.ts';
import type { LockEntry } from '../../../layer-builder/read/lockfile.ts';
import { resolveEntry } from '../../../layer-builder/read/lockfile.ts';
import { parseManifest } from '../../../layer-builder/read/manifest.ts';

const machine = { os: 'linux', cpu: 'x64', libc: 'glibc' } as const;

function entry(location: string, facts: Partial<LockEntry> = {}): [string, LockEntry] {
  const name = location.split('node_modules/').pop() ?? location;
  const plain = {
    version: '1.0.0',
    integrity: 'sha512-x',
    resolved: undefined,
    license: 'MIT',
    folder: undefined,
  };
  const lists = {
    dependencies: {},
    optionalDependencies: {},
    peerDependencies: {},
    os: [],
    cpu: [],
    libc: [],
  };
  const flags = { link: false, dev: false, hasInstallScript: false };
  return [location, { location, name, lookup: location, ...plain, ...lists, ...flags, ...facts }];
}

test('a package is found where Node would find it: in the nearest node_modules upwards', t => {
  const entries = new Map([
    entry('node_modules/a'),
    entry('node_modules/b'),
    entry('node_modules/a/node_modules/b'),
    entry('packages/api/node_modules/b'),
  ]);
  t.is(resolveEntry(entries, '', 'b')?.location, 'node_modules/b');
  t.is(resolveEntry(entries, 'node_modules/a', 'b')?.location, 'node_modules/a/node_modules/b');
  t.is(resolveEntry(entries, 'node_modules/a/node_modules/b', 'a')?.location, 'node_modules/a');
  t.is(resolveEntry(entries, 'packages/api', 'b')?.location, 'packages/api/node_modules/b');
  t.is(resolveEntry(entries, 'packages/api', 'a')?.location, 'node_modules/a');
  t.is(resolveEntry(entries, '', 'c'), undefined);
});

test('the reach holds dependencies, peers and the optional packages of the machine, each once, cycles too', t => {
  const entries = new Map([
    entry('node_modules/a', {
      dependencies: { b: '1' },
      optionalDependencies: { mac: '1', linux: '1', gone: '1' },
    }),
    entry('node_modules/b', { dependencies: { a: '1' }, peerDependencies: { peer: '1' } }),
    entry('node_modules/peer'),
    entry('node_modules/mac', { os: ['darwin'] }),
    entry('node_modules/linux', { os: ['linux'], cpu: ['x64'] }),
    entry('node_modules/unused'),
  ]);
  const reach = planReach(entries, [{ name: 'a', from: '' }], machine);
  t.deepEqual(
    reach.packages.map(item => item.name),
    ['a', 'b', 'linux', 'peer'],
  );
  t.deepEqual(reach.unresolved, []);
  t.deepEqual(reach.requiredBy.get('node_modules/a'), ['', 'node_modules/b']);
  const missing = planReach(entries, [{ name: 'nowhere', from: '' }], machine);
  t.deepEqual(missing.unresolved, [{ name: 'nowhere', from: '' }]);
});

const platforms: readonly [facts: Partial<LockEntry>, fit: boolean][] = [
  [{}, true],
  [{ os: ['linux'] }, true],
  [{ os: ['darwin', 'linux'] }, true],
  [{ os: ['darwin'] }, false],
  [{ os: ['!win32'] }, true],
  [{ os: ['!linux'] }, false],
  [{ cpu: ['arm64'] }, false],
  [{ libc: ['musl'] }, false],
  [{ libc: ['glibc'] }, true],
];

test('os, cpu and libc are read as npm reads them', t => {
  for (const [facts, fit] of platforms)
    t.is(fits(entry('node_modules/x', facts)[1], machine), fit, JSON.stringify(facts));
});

function configOf(raw: object) {
  return completeConfig(raw, { manifest: parseManifest('{}'), project: '/p', from: 'test' });
}

test('roots: imported and included, without what is excluded and what the runtime brings', t => {
  const config = configOf({ include: ['extra', '@aws-sdk/client-sqs'], exclude: ['off'] });
  t.deepEqual(planRoots(config, ['koa', 'off', '@aws-sdk/client-s3', '@smithy/types']), [
    { name: 'core', roots: ['@aws-sdk/client-sqs', 'extra', 'koa'] },
  ]);
});

test('install scripts, copies and what shadows the runtime are named', t => {
  const scripted = entry('node_modules/scripted', { hasInstallScript: true })[1];
  const ready = entry('node_modules/ready', {
    hasInstallScript: true,
    optionalDependencies: { 'ready-linux-x64': '1' },
  })[1];
  const reach = { packages: [scripted, ready], requiredBy: new Map(), unresolved: [] };
  const artifact = { load: 'eager', include: [], exclude: [], reach } as const;
  const warnings = planWarnings({
    machine,
    install: { packageJson: {}, packageLock: {} },
    artifacts: [
      { ...artifact, name: 'core', roots: ['scripted', '@aws-sdk/client-s3'] },
      { ...artifact, name: 'docs', roots: ['ready'] },
    ],
    specifiers: [],
  });
  t.is(warnings.length, 3);
  for (const [index, part] of ['scripted@1.0.0', 'scripted, ready', '@aws-sdk/client-s3'].entries()) {
    t.true(warnings[index]?.includes(part), warnings[index]);
  }
});

test('the nearest known word is named only when it is near', t => {
  t.is(nearest('runtme', ['runtime', 'regions']), 'runtime');
  t.is(nearest('Architecure', ['runtime', 'architecture']), 'architecture');
  t.is(nearest('zzzzzzzzzzzz', ['runtime', 'regions']), undefined);
});
