/** The pure part of a build: reach, roots, the cut lockfile, the warnings. */
import test from 'ava';
import fc from 'fast-check';
import { nearest } from '../../../layer-builder/config/check.ts';
import { completeConfig } from '../../../layer-builder/config.ts';
import { layOut } from '../../../layer-builder/plan/layout.ts';
import { findNeed, fits, planReach } from '../../../layer-builder/plan/reach.ts';
import { planRoots } from '../../../layer-builder/plan/roots.ts';
import { planWarnings } from '../../../layer-builder/plan/warnings.ts';
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
    optionalPeers: [],
    os: [],
    cpu: [],
    libc: [],
  };
  const flags = { link: false, dev: false, hasInstallScript: false, inBundle: false, unpinned: false };
  return [
    location,
    { location, name, lookup: location, origin: location, ...plain, ...lists, ...flags, ...facts },
  ];
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
  t.deepEqual(missing.unresolved, [{ name: 'nowhere', from: '', peer: false }]);
});

/** Places and versions of a layout. */
function layOutOf(entries: readonly [string, LockEntry][], roots: readonly string[], from = ''): string[] {
  const lockfile = { entries: new Map(entries), folder: '/p' };
  const placed = layOut(
    lockfile,
    roots.map(name => ({ name, from })),
    machine,
  );
  return [...placed.values()].map(item => `${item.location} ${item.version}`).sort();
}

const one = (version: string) => ({ version, integrity: `sha512-${version}` });

test('the layout follows from the graph alone, not from where the client put things for other reasons', t => {
  // a development tool holds the top place of b, so npm nests the one that is needed
  const nested = layOutOf(
    [
      entry('node_modules/a', { dependencies: { b: '1' } }),
      entry('node_modules/a/node_modules/b', one('1.0.0')),
      entry('node_modules/b', one('2.0.0')),
      entry('node_modules/c', { dependencies: { b: '1' } }),
      entry('node_modules/c/node_modules/b', one('1.0.0')),
    ],
    ['a', 'c'],
  );
  const flat = layOutOf(
    [
      entry('node_modules/a', { dependencies: { b: '1' } }),
      entry('node_modules/b', one('1.0.0')),
      entry('node_modules/c', { dependencies: { b: '1' } }),
    ],
    ['c', 'a'],
  );
  t.deepEqual(nested, ['node_modules/a 1.0.0', 'node_modules/b 1.0.0', 'node_modules/c 1.0.0']);
  t.deepEqual(flat, nested);
});

test('a workspace and a package that need two versions of a third get both', t => {
  const placed = layOutOf(
    [
      entry('packages/api', { dependencies: { b: '2', d: '1' } }),
      entry('packages/api/node_modules/b', one('2.0.0')),
      entry('node_modules/b', one('1.0.0')),
      entry('node_modules/d', { dependencies: { b: '1', e: '1' } }),
      entry('node_modules/e', { dependencies: { b: '1', d: '1' }, optionalPeers: ['b', 'nowhere'] }),
    ],
    ['b', 'd'],
    'packages/api',
  );
  t.deepEqual(placed, [
    'node_modules/b 2.0.0',
    'node_modules/d 1.0.0',
    'node_modules/d/node_modules/b 1.0.0',
    'node_modules/e 1.0.0',
    'node_modules/e/node_modules/b 1.0.0',
  ]);
});

test('two copies of one version stay two where what they need differs, and bundled ones stay inside', t => {
  const placed = layOutOf(
    [
      entry('node_modules/a', { dependencies: { x: '1', y: '1' } }),
      entry('node_modules/x', { ...one('1.0.0'), dependencies: { y: '1' } }),
      entry('node_modules/y', one('1.0.0')),
      entry('node_modules/c', { dependencies: { x: '1', y: '2', z: '1' } }),
      entry('node_modules/c/node_modules/x', { ...one('1.0.0'), dependencies: { y: '1' } }),
      entry('node_modules/c/node_modules/y', one('2.0.0')),
      entry('node_modules/c/node_modules/z', { integrity: undefined, inBundle: true }),
    ],
    ['a', 'c'],
  );
  t.deepEqual(placed, [
    'node_modules/a 1.0.0',
    'node_modules/c 1.0.0',
    'node_modules/c/node_modules/x 1.0.0',
    'node_modules/c/node_modules/y 2.0.0',
    'node_modules/c/node_modules/z 1.0.0',
    'node_modules/x 1.0.0',
    'node_modules/y 1.0.0',
  ]);
});

test('a cycle through two versions of its own packages cannot be laid out without links, and says so', t => {
  const entries = [
    entry('node_modules/a', { ...one('1.0.0'), dependencies: { b: '1' } }),
    entry('node_modules/b', { ...one('1.0.0'), dependencies: { a: '2' } }),
    entry('node_modules/b/node_modules/a', { ...one('2.0.0'), dependencies: { b: '2' } }),
    entry('node_modules/b/node_modules/a/node_modules/b', { ...one('2.0.0'), dependencies: { a: '1' } }),
    entry('node_modules/b/node_modules/a/node_modules/b/node_modules/a', {
      link: true,
      resolved: 'node_modules/a',
    }),
  ];
  const error = t.throws<Error & { code: string }>(() => layOutOf(entries, ['a']));
  t.is(error.code, 'LOCKFILE_UNSUPPORTED');
  t.regex(error.message, /a.*b.*a.*b/);
});

test('whatever graph: from every place of the layout each name leads to what it led to in the lockfile', t => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const versions = ['1.0.0', '2.0.0'];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 }),
      fc.subarray(names, { minLength: 1 }),
      (edges, roots) => {
        // Cycles too, among the first versions. Every version in a folder of its own with links to what it needs, as pnpm's store has it.
        const all = names.flatMap(name => versions.map(version => ({ name, version })));
        const entries = new Map<string, LockEntry>();
        for (const [index, { name, version }] of all.entries()) {
          const home = `store/${name}${version}`;
          const needs = edges
            .filter(([from]) => from === index)
            .map(([, to]) => all[to])
            .filter(need => (need?.name ?? '') > name || (version === '1.0.0' && need?.version === version));
          const dependencies = Object.fromEntries(needs.map(need => [need?.name, '*']));
          const location = `${home}/node_modules/${name}`;
          entries.set(...entry(location, { ...one(version), dependencies }));
          for (const need of needs) {
            const target = `store/${need?.name}${need?.version}/node_modules/${need?.name}`;
            entries.set(...entry(`${location}/node_modules/${need?.name}`, { link: true, resolved: target }));
          }
          if (version === '1.0.0')
            entries.set(...entry(`node_modules/${name}`, { link: true, resolved: location }));
        }
        const placed = layOut(
          { entries, folder: '/p' },
          roots.map(name => ({ name, from: '' })),
          machine,
        );
        for (const root of roots) t.is(placed.get(`node_modules/${root}`)?.version, '1.0.0');
        for (const item of placed.values()) {
          for (const name of Object.keys(item.dependencies)) {
            const wanted = findNeed(entries, item.origin, name);
            const found = resolveEntry(placed, item.location, name);
            t.is(`${found?.name}@${found?.version}`, `${name}@${wanted?.version}`);
          }
        }
      },
    ),
    { seed: 4, numRuns: 300 },
  );
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

test('install scripts, peers, open pins, copies, what shadows the runtime and new libraries are named', t => {
  const script = { hasInstallScript: true };
  const all = new Map([
    entry('node_modules/allowed', script),
    entry('node_modules/denied', script),
    entry('node_modules/unknown', { ...script, version: '2.0.0' }),
    entry('node_modules/ready', script),
    entry('node_modules/platform', { ...script, optionalDependencies: { 'platform-linux-x64': '1' } }),
    entry('node_modules/platform-linux-x64', { unpinned: true }),
  ]);
  const unresolved = [{ name: 'react', from: 'node_modules/ready', peer: true }];
  const reach = { packages: [...all.values()], requiredBy: new Map(), unresolved };
  const artifact = { load: 'eager', layer: true, include: [], exclude: [], assets: [], reach } as const;
  const warnings = planWarnings(
    {
      entries: all,
      scripts: { 'allowed@1.0.0 || 3.0.0': true, denied: false, 'unknown@1.0.0': false },
      artifacts: [
        { ...artifact, name: 'core', roots: ['allowed', '@aws-sdk/client-s3'] },
        { ...artifact, name: 'docs', roots: ['ready'] },
      ],
    },
    { 'node_modules/ready': '3.4.30', 'node_modules/platform-linux-x64': '3.4.29' },
  );
  const expected = [
    'allowed@1.0.0 may run its install script elsewhere',
    'unknown@2.0.0 has an install script',
    'ready asks for GLIBCXX_3.4.30',
    'ready wants react',
    'yarn.lock holds no checksum of platform-linux-x64@1.0.0',
    'in more than one artifact: allowed',
    'included though the runtime brings it: @aws-sdk/client-s3',
  ];
  t.deepEqual(
    warnings.map((warning, index) => warning.slice(0, expected[index]?.length)),
    expected,
  );
});

test('the nearest known word is named only when it is near', t => {
  t.is(nearest('runtme', ['runtime', 'regions']), 'runtime');
  t.is(nearest('Architecure', ['runtime', 'architecture']), 'architecture');
  t.is(nearest('zzzzzzzzzzzz', ['runtime', 'regions']), undefined);
});
