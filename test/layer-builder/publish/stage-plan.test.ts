/** What a stage does to run a release: one row a situation. */
import test from 'ava';
import type { ActualFunction, VersionState } from '../../../layer-builder/deploy/types.ts';
import type { ReleasedFunction } from '../../../layer-builder/plan/stage.ts';
import { planStage } from '../../../layer-builder/plan/stage.ts';

const release: ReleasedFunction = {
  ...{ codeSha256: 'new', runtime: 'nodejs24.x', architecture: 'x86_64' },
  layers: ['core:2'],
  takeover: { shift: [], bake: 60, alarms: [] },
};
const version = (number: string, more: Partial<VersionState> = {}): VersionState => ({
  ...{
    version: number,
    codeSha256: 'old',
    layers: ['core:1'],
    runtime: 'nodejs24.x',
    architecture: 'x86_64',
  },
  ...{ handler: 'index.handler', role: 'r', memory: 512, timeout: 30, tmp: 512, tracing: 'PassThrough' },
  ...{
    environment: { DEPS_SOURCE: 'auto', KEY: 'of version '.concat(number) },
    revisionId: `r${number}`,
    logGroup: 'l',
  },
  ...more,
});
const released = { codeSha256: 'new', layers: ['core:2'] };
const s3 = { environment: { DEPS_SOURCE: 's3' } };

function functionAt(live: VersionState | undefined): ActualFunction {
  return {
    ...{ latest: live ?? version('$LATEST'), arn: 'arn', tags: { team: 'a' }, reservedConcurrency: 5 },
    ...{ url: undefined, publicStatements: [], previousVersion: undefined },
    live: live && { ...live, aliasRevisionId: 'a', weights: {} },
  };
}

const rows: readonly [
  title: string,
  expected: object,
  live: VersionState | 'no function' | 'no alias',
  versions?: readonly VersionState[],
  of?: Partial<ReleasedFunction>,
][] = [
  ['no function is left alone', { do: 'leave', why: 'there is no function svc__prod' }, 'no function'],
  ['a function without the alias is left to deploy', { do: 'leave' }, 'no alias'],
  [
    'a release without code leaves the function',
    { do: 'leave', why: 'the release holds no code' },
    version('1'),
    [],
    { codeSha256: undefined },
  ],
  [
    'a release for another architecture leaves the function',
    { do: 'leave', why: 'svc__prod runs on x86_64, the release is for arm64' },
    version('1'),
    [],
    { architecture: 'arm64' },
  ],
  ['a live version that runs the release is kept', { do: 'keep', version: '3' }, version('3', released)],
  [
    'the live version is kept before a newer one that fits too',
    { do: 'keep', version: '3' },
    version('3', released),
    [version('3', released), version('4', released)],
  ],
  [
    'an old version that runs the release is moved to, the newest of several',
    { do: 'move', version: '10', from: '11' },
    version('11'),
    [version('9', released), version('10', released), version('11')],
  ],
  [
    'the right code with other layers does not fit',
    { do: 'move', version: undefined, from: '2' },
    version('2'),
    [version('1', { ...released, layers: ['core:1'] })],
  ],
  [
    'in mode s3 the code alone decides',
    { do: 'move', version: '1', from: '2' },
    version('2', { ...s3, layers: [] }),
    [version('1', { ...s3, codeSha256: 'new', layers: [] })],
  ],
];

for (const [title, expected, live, versions = [], of = {}] of rows) {
  test(`plan of a stage: ${title}`, t => {
    const actual = live === 'no function' ? undefined : functionAt(live === 'no alias' ? undefined : live);
    t.like(planStage('svc__prod', { ...release, ...of }, actual, versions), expected);
  });
}

const kindsOf = (steps: readonly { readonly kind: string }[]) => steps.map(({ kind }) => kind);

test('a new version takes code, layers and runtime of the release, and the settings of the live one', t => {
  const live = version('2', { memory: 1024, runtime: 'nodejs22.x' });
  const plan = planStage('svc__prod', release, functionAt(live), [live]);
  if (plan.do !== 'move') return t.fail();
  const { version: _, revisionId: __, logGroup: ___, ...settings } = live;
  t.deepEqual(plan.desired.settings, {
    ...settings,
    ...{ codeSha256: 'new', layers: ['core:2'], runtime: 'nodejs24.x', architecture: 'x86_64' },
  });
  t.deepEqual(kindsOf(plan.prepare), [
    ...['update-code', 'update-configuration', 'rehearse-s3', 'publish-version', 'smoke-test'],
  ]);
  t.deepEqual(kindsOf(plan.takeover), ['move-alias']);
});

test('a new version in mode s3 has no layers', t => {
  const live = version('2', { ...s3, layers: [] });
  const plan = planStage('svc__prod', release, functionAt(live), [live]);
  t.deepEqual(plan.do === 'move' && plan.desired.settings.layers, []);
});

test('a version takes over in the shares that the stage asks for, watched by its alarms', t => {
  const takeover = { shift: [10, 50], bake: 60, alarms: ['errors'] };
  for (const versions of [[], [version('1', released)]]) {
    const plan = planStage('svc__prod', { ...release, takeover }, functionAt(version('2')), versions);
    if (plan.do !== 'move') return t.fail();
    t.deepEqual(kindsOf(plan.takeover), ['shift-alias', 'shift-alias', 'move-alias', 'watch-alarms']);
  }
});

test('a shift that was left half-way ends at the live version, when that runs the release', t => {
  const live = { ...version('2', released), aliasRevisionId: 'a', weights: { 3: 0.1 } };
  const plan = planStage('svc__prod', release, { ...functionAt(live), live }, [live]);
  if (plan.do !== 'move') return t.fail();
  t.deepEqual([kindsOf(plan.prepare), kindsOf(plan.takeover)], [[], ['end-shift']]);
});
