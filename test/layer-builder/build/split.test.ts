/** What `plan` proposes when the packages of an app do not fit as they are. */
import test from 'ava';
import { refuseTogether } from '../../../layer-builder/plan/limits.ts';
import type { Split, SplitInput, SplitRoot } from '../../../layer-builder/plan/split.ts';
import { planSplit } from '../../../layer-builder/plan/split.ts';

const MB = 1_000_000;

/** Each root needs itself and `with`; sizes in MB of all are `sizes`. */
function root(name: string, needs: readonly string[] = [], ms = 10, isStarted = true): SplitRoot {
  return { name, locations: [name, ...needs], ms, isStarted };
}

function split(
  artifacts: SplitInput['artifacts'],
  sizes: Readonly<Record<string, number>>,
  rest: Partial<SplitInput> = {},
): Split {
  const weights = new Map(
    Object.entries(sizes).map(([name, size]) => [name, { size: size * MB, zipped: (size * MB) / 4 }]),
  );
  return planSplit({ artifacts, weights, appBytes: MB, tmp: 512, ...rest });
}

const core = (roots: readonly SplitRoot[]) => ({ name: 'core', load: 'eager', layer: true, roots }) as const;

test('what fits stays as it is', t => {
  const { fits, isCurrent, parts, notes } = split([core([root('a'), root('b', ['c'])])], {
    a: 1,
    b: 2,
    c: 3,
  });
  t.true(fits && isCurrent);
  t.deepEqual(
    parts.map(({ place, name, packages, unpackedSize }) => [place, name, packages, unpackedSize / MB]),
    [
      ['function', 'app', [], 1],
      ['layer', 'core', ['a', 'b'], 6],
    ],
  );
  t.deepEqual(notes, []);
});

test('what is too much for layers moves to S3, the heaviest first, and what shares its needs goes along', t => {
  const roots = [root('a'), root('mid'), ...['huge', 'big', 'third'].map(name => root(name, ['lib']))];
  const sizes = { a: 5, mid: 40, huge: 60, big: 55, third: 50, lib: 60 };
  const { fits, isCurrent, parts, artifacts, notes } = split([core(roots)], sizes);
  t.true(fits);
  t.false(isCurrent);
  t.deepEqual<unknown, unknown>(artifacts, {
    core: {},
    huge: { load: 'lazy', layer: false, include: ['huge', 'big'] },
  });
  t.deepEqual(
    parts.map(({ place, unpackedSize }) => [place, unpackedSize / MB]),
    [
      ['function', 1],
      ['layer', 155],
      ['s3', 175],
    ],
  );
  t.regex(notes.join(), /dependencies\.load\('huge'\)/);
});

test('a proposal, given as configuration, fits as it is', t => {
  const roots = [root('a'), root('huge')];
  const sizes = { a: 5, huge: 230 };
  const first = split([core(roots)], sizes);
  const again = split(
    first.parts.slice(1).map(({ name, load, place, packages }) => ({
      ...{ name, load, layer: place === 'layer' },
      roots: packages.map(item => root(item)),
    })),
    sizes,
  );
  t.true(again.fits && again.isCurrent);
  t.deepEqual(again.artifacts, first.artifacts);
});

test('imports that take longer than the init phase become lazy, the slowest first', t => {
  const { artifacts } = split([core([root('a'), root('slow', [], 6000), root('b', [], 3000)])], {});
  t.deepEqual<unknown, unknown>(artifacts, { core: {}, slow: { load: 'lazy', include: ['slow'] } });
});

test('a large package that no start loads becomes lazy where it lies, a small one stays', t => {
  const sleeps = (name: string) => root(name, ['lib'], 10, false);
  const roots = [root('a', ['lib']), sleeps('compiler'), sleeps('tool'), sleeps('small')];
  const sizes = { a: 5, compiler: 30, tool: 2, small: 0.9, lib: 1 };
  const { artifacts, isCurrent, isOptional, notes } = split([core(roots)], sizes);
  t.false(isCurrent);
  t.true(isOptional);
  t.deepEqual<unknown, unknown>(artifacts, {
    core: {},
    compiler: { load: 'lazy', include: ['compiler'] },
    tool: { load: 'lazy', include: ['tool'] },
  });
  t.regex(notes.join(), /dependencies\.load\('compiler'\)/);
});

test('what is lazy as a whole stays, and so does what only names at run time load', t => {
  const sleeps = root('compiler', [], 10, false);
  t.true(split([core([sleeps, root('b', [], 10, false)])], { compiler: 30, b: 2 }).isCurrent);
  t.true(
    split([core([root('a')]), { ...core([sleeps]), name: 'c', load: 'lazy' }], { compiler: 30 }).isCurrent,
  );
});

test('layers beyond five are joined, the smallest of one kind', t => {
  const artifacts = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => ({ ...core([root(name)]), name }));
  const { parts, fits } = split(artifacts, { a: 9, b: 1, c: 5, d: 2, e: 7, f: 8 });
  t.true(fits);
  t.deepEqual(
    parts.slice(1).map(({ packages }) => packages.join('+')),
    ['a', 'c', 'd+b', 'e', 'f'],
  );
});

test('what fits nowhere is said', t => {
  const { fits, notes } = split([core([root('giant')])], { giant: 300 });
  t.false(fits);
  t.regex(notes.join(), /giant alone is more than Lambda takes/);
});

test('/tmp is made larger where S3 brings more than it holds', t => {
  const lazy = ['x', 'y', 'z'].map(
    name => ({ name, load: 'lazy', layer: false, roots: [root(name)] }) as const,
  );
  const { fits, notes } = split(lazy, { x: 200, y: 200, z: 200 });
  t.true(fits);
  t.regex(notes.join(), /function\.tmp to 1024/);
});

const unpacked = (sizes: readonly number[], layer = true) =>
  sizes.map((size, index) => ({ name: `a${index}`, unpackedSize: size * MB, layer }));
const refusals: readonly [title: string, run: () => void, code: string | undefined][] = [
  ['five layers', () => refuseTogether(unpacked([1, 1, 1, 1, 1]), 0, 512), undefined],
  ['six layers', () => refuseTogether(unpacked([1, 1, 1, 1, 1, 1]), 0, 512), 'LAYER_LIMIT'],
  ['262,144,000 bytes together', () => refuseTogether(unpacked([200, 62]), 144_000, 512), undefined],
  ['a byte more', () => refuseTogether(unpacked([200, 62]), 144_001, 512), 'ARTIFACT_TOO_LARGE'],
  ['as much from S3', () => refuseTogether(unpacked([200, 200], false), 0, 512), undefined],
  [
    'more from S3 than /tmp holds',
    () => refuseTogether(unpacked([200, 200, 200], false), 0, 512),
    'ARTIFACT_TOO_LARGE',
  ],
];

for (const [title, run, code] of refusals) {
  test(`${title}: ${code ?? 'taken'}`, t => {
    if (code === undefined) t.notThrows(run);
    else t.is(t.throws<Error & { code: string }>(run).code, code);
  });
}
