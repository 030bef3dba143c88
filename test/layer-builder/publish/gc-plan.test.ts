/** gc: reachable things stay, all others go, in random worlds against a second, slower definition. */
import test from 'ava';
import fc from 'fast-check';
import type { Digest } from '../../../artifact/digest.ts';
import type { GcRules, GcWorld } from '../../../layer-builder/plan/gc.ts';
import { planGc } from '../../../layer-builder/plan/gc.ts';

const now = 1_800_000_000_000;
const day = 86_400_000;
const rules: GcRules = { keepReleases: 2, graceMs: day };

const digests = Array.from({ length: 8 }, (_, index): Digest => `sha256:${String(index).repeat(64)}`);
const arns = Array.from(
  { length: 8 },
  (_, index) => `arn:aws:lambda:us-east-1:000000000000:layer:svc-core:${index + 1}`,
);
const buckets = ['a', 'b'];
const ids = Array.from({ length: 6 }, (_, index) => `svc-${String(index).repeat(16)}`);
const entries = ['svc/x86_64', 'svc/arm64', 'other/x86_64'];

const time = fc.integer({ min: now - 10 * day, max: now });
const some = <Item>(items: readonly Item[]) => fc.subarray([...items], { maxLength: 3 });

const worlds: fc.Arbitrary<GcWorld> = fc.record({
  now: fc.constant(now),
  objects: fc.uniqueArray(
    fc
      .record({
        bucket: fc.constantFrom(...buckets),
        digest: fc.constantFrom(...digests),
        size: fc.nat(),
        modifiedAt: time,
      })
      .map(object => ({ ...object, key: `sha256/${object.digest.slice(7)}.zip` })),
    { selector: ({ bucket, key }) => `${bucket}/${key}`, maxLength: 16 },
  ),
  layers: fc.uniqueArray(
    fc.record({
      region: fc.constant('us-east-1'),
      arn: fc.constantFrom(...arns),
      digest: fc.constantFrom(...digests),
      createdAt: time,
    }),
    { selector: ({ arn }) => arn },
  ),
  releases: fc.uniqueArray(
    fc
      .record({
        bucket: fc.constantFrom(...buckets),
        id: fc.constantFrom(...ids),
        entry: fc.constantFrom(...entries),
        createdAt: time,
        digests: some(digests),
        layerArns: some(arns),
      })
      .map(release => ({ ...release, key: `releases/${release.id}.json` })),
    { selector: ({ bucket, key }) => `${bucket}/${key}` },
  ),
  codes: fc.uniqueArray(
    fc.record({
      bucket: fc.constantFrom(...buckets),
      key: fc.constantFrom(...ids.map(id => `releases/${id}.zip`)),
      size: fc.nat(),
      modifiedAt: time,
    }),
    { selector: ({ bucket, key }) => `${bucket}/${key}` },
  ),
  channels: fc.array(
    fc.record({
      bucket: fc.constantFrom(...buckets),
      name: fc.constantFrom('dev', 'prod'),
      entry: fc.constantFrom(...entries),
      releases: fc.subarray(ids, { maxLength: 2 }),
    }),
    { maxLength: 4 },
  ),
  users: fc.array(
    fc.record({
      name: fc.constantFrom('f:$LATEST', 'f:1', 'g:7'),
      layerArns: some(arns),
      digests: some(digests),
    }),
    { maxLength: 4 },
  ),
});

/** Marks from the roots, one edge at a time, until nothing new is found. */
function reachable(world: GcWorld): Set<string> {
  const found = new Set<string>();
  for (const release of world.releases) {
    const isNewer = (other: typeof release) =>
      other.bucket === release.bucket && other.entry === release.entry && other.createdAt > release.createdAt;
    const rank = world.releases.filter(isNewer).length;
    const isPointed = world.channels.some(
      channel => channel.bucket === release.bucket && channel.releases.includes(release.id),
    );
    if (rank < rules.keepReleases || isPointed || now - release.createdAt < rules.graceMs) {
      found.add(`release ${release.bucket} ${release.id}`);
      for (const arn of release.layerArns) found.add(`layer ${arn}`);
      for (const digest of release.digests) found.add(`digest ${digest}`);
    }
  }
  for (const user of world.users) {
    for (const arn of user.layerArns) found.add(`layer ${arn}`);
    for (const digest of user.digests ?? []) found.add(`digest ${digest}`);
  }
  for (const layer of world.layers) {
    if (now - layer.createdAt < rules.graceMs) found.add(`layer ${layer.arn}`);
    if (found.has(`layer ${layer.arn}`)) found.add(`digest ${layer.digest}`);
  }
  return found;
}

test('D16 never deletes what is reachable, always deletes what is not', t => {
  const property = fc.property(worlds, world => {
    // Releases of the same moment have no order: either may be among the newest.
    fc.pre(new Set(world.releases.map(({ createdAt }) => createdAt)).size === world.releases.length);
    const found = reachable(world);
    const plan = planGc(world, rules);
    const gone = new Set(plan.delete.map(({ kind, name }) => `${kind} ${name}`));
    for (const { bucket, id, key } of world.releases) {
      const isGone = plan.delete.some(
        item => item.kind === 'release' && item.bucket === bucket && item.key === key,
      );
      if (isGone === found.has(`release ${bucket} ${id}`)) return false;
    }
    for (const { arn } of world.layers)
      if (gone.has(`layer ${arn}`) === found.has(`layer ${arn}`)) return false;
    for (const { bucket, key, digest, modifiedAt } of world.objects) {
      const stays = found.has(`digest ${digest}`) || now - modifiedAt < rules.graceMs;
      if (gone.has(`object s3://${bucket}/${key}`) === stays) return false;
    }
    for (const { bucket, key, modifiedAt } of world.codes) {
      const id = key.slice('releases/'.length, -'.zip'.length);
      const stays = found.has(`release ${bucket} ${id}`) || now - modifiedAt < rules.graceMs;
      if (gone.has(`object s3://${bucket}/${key}`) === stays) return false;
    }
    const { objects, layers, releases, codes } = world;
    return plan.delete.length + plan.keep.length === [objects, layers, releases, codes].flat().length;
  });
  fc.assert(property, { numRuns: 2000, seed: 5 });
  t.pass();
});

const empty: GcWorld = { now, objects: [], codes: [], layers: [], releases: [], channels: [], users: [] };
const [digest = 'sha256:'] = digests;
const old = now - 9 * day;
const object = { bucket: 'a', key: 'sha256/0.zip', digest, size: 1, modifiedAt: old };

test('every kept item names the edge that keeps it', t => {
  const arn = arns[0] ?? '';
  const world = {
    ...empty,
    objects: [object],
    layers: [{ region: 'us-east-1', arn, digest, createdAt: old }],
    users: [{ name: 'api__prod:7', layerArns: [arn], digests: [] }],
  };
  t.deepEqual(
    planGc(world, rules).keep.map(({ item, because }) => [item.kind, because]),
    [
      ['layer', 'function api__prod:7'],
      ['object', `layer ${arn}`],
    ],
  );
});

test('a layer that is shared stays, and its object with it', t => {
  const layers = [{ region: 'us-east-1', arn: arns[0] ?? '', digest, createdAt: old, shared: true }];
  t.deepEqual(planGc({ ...empty, objects: [object], layers }, rules).delete, []);
});

test('a function whose code cannot be read keeps every object', t => {
  const world = { ...empty, objects: [object], users: [{ name: 'f:1', layerArns: [], digests: undefined }] };
  const plan = planGc(world, rules);
  t.deepEqual(plan.delete, []);
  t.regex(plan.keep[0]?.because ?? '', /f:1 may use it/);
});

test('records are deleted before what they point to', t => {
  const releases = ['1', '2', '3'].map(n => ({
    ...{
      bucket: 'a',
      key: n,
      id: n,
      entry: 'e',
      createdAt: old + Number(n),
      digests: [digest],
      layerArns: [],
    },
  }));
  const world = { ...empty, objects: [object], releases };
  const plan = planGc(world, { ...rules, keepReleases: 0 });
  t.deepEqual(
    plan.delete.map(({ kind }) => kind),
    ['release', 'release', 'release', 'object'],
  );
});
