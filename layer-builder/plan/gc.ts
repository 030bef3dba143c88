/** What nothing can reach any more. Pure: the whole world in, what goes and why the rest stays out. */
import type { Digest } from '../../artifact/digest.ts';

export interface GcObject {
  readonly bucket: string;
  readonly key: string;
  readonly digest: Digest;
  readonly size: number;
  /** Milliseconds since the epoch, here and below. */
  readonly modifiedAt: number;
}

/** A function package. Functions have a copy of theirs: only its record, which has the same name, needs it. */
export interface GcCode {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: number;
}

export interface GcLayer {
  readonly region: string;
  readonly arn: string;
  readonly digest: Digest;
  readonly createdAt: number;
  /** Shared outside of the account: functions that nobody here can see may use it. */
  readonly shared?: boolean;
}

export interface GcRelease {
  readonly bucket: string;
  readonly key: string;
  readonly id: string;
  /** `<service>/<architecture>`: releases are counted for each by itself. */
  readonly entry: string;
  readonly createdAt: number;
  readonly digests: readonly Digest[];
  readonly layerArns: readonly string[];
}

export interface GcChannel {
  readonly bucket: string;
  readonly name: string;
  readonly entry: string;
  /** Where it points, and where a rollback would go. */
  readonly releases: readonly string[];
}

/** A function version: `$LATEST` or published. Aliases point to these and to nothing else. */
export interface GcUser {
  readonly name: string;
  readonly layerArns: readonly string[];
  /** Digests of the lock in its code; undefined when the code could not be read. */
  readonly digests: readonly Digest[] | undefined;
}

export interface GcWorld {
  readonly now: number;
  readonly objects: readonly GcObject[];
  readonly codes: readonly GcCode[];
  readonly layers: readonly GcLayer[];
  readonly releases: readonly GcRelease[];
  readonly channels: readonly GcChannel[];
  readonly users: readonly GcUser[];
}

export interface GcRules {
  /** Newest releases to keep of each service and architecture. */
  readonly keepReleases: number;
  /** Younger things stay: a publish that is under way has no release yet. */
  readonly graceMs: number;
}

export type GcItem =
  | { readonly kind: 'release'; readonly name: string; readonly bucket: string; readonly key: string }
  | { readonly kind: 'layer'; readonly name: string; readonly region: string }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly bucket: string;
      readonly key: string;
      readonly size: number;
    };

export interface GcPlan {
  /** In the order of deletion: records before what they point to. */
  readonly delete: readonly GcItem[];
  /** The edge that keeps each item. */
  readonly keep: readonly { readonly item: GcItem; readonly because: string }[];
}

/** An item stays when a function version, a kept release, a kept layer or its youth holds it. Anything else goes. */
export function planGc(world: GcWorld, rules: GcRules): GcPlan {
  const isYoung = (time: number) => world.now - time < rules.graceMs;
  const unknownUser = world.users.find(user => user.digests === undefined);
  const releases = keptReleases(world, rules, isYoung);
  const keptRecords = world.releases.filter(release => releases.has(id(release)));
  const layers = keptLayers(world, keptRecords, isYoung);
  const objects = keptObjects(world, keptRecords, layers, isYoung, unknownUser);
  const codes = keptCodes(world, keptRecords, isYoung);
  const items: [GcItem, string | undefined][] = [
    ...world.releases.map((release): [GcItem, string | undefined] => [
      releaseItem(release),
      releases.get(id(release)),
    ]),
    ...world.layers.map((layer): [GcItem, string | undefined] => [layerItem(layer), layers.get(layer.arn)]),
    ...world.objects.map((object): [GcItem, string | undefined] => [
      objectItem(object),
      objects.get(id(object)),
    ]),
    ...world.codes.map((code): [GcItem, string | undefined] => [objectItem(code), codes.get(id(code))]),
  ];
  return {
    delete: items.flatMap(([item, because]) => (because === undefined ? [item] : [])),
    keep: items.flatMap(([item, because]) => (because === undefined ? [] : [{ item, because }])),
  };
}

type Reasons = Map<string, string>;

/** The same key in two buckets are two things. */
function id({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `${bucket}/${key}`;
}

function keptReleases(
  world: GcWorld,
  { keepReleases }: GcRules,
  isYoung: (time: number) => boolean,
): Reasons {
  const reasons: Reasons = new Map();
  for (const group of Map.groupBy(world.releases, ({ bucket, entry }) => `${bucket} ${entry}`).values()) {
    const newest = [...group].sort((a, b) => b.createdAt - a.createdAt).slice(0, keepReleases);
    for (const [index, release] of newest.entries()) {
      reasons.set(id(release), `number ${index + 1} of the newest ${keepReleases} of ${release.entry}`);
    }
  }
  for (const release of world.releases) {
    if (isYoung(release.createdAt)) reasons.set(id(release), 'younger than the grace period');
  }
  for (const { bucket, name, releases } of world.channels) {
    for (const [index, pointed] of releases.entries()) {
      const release = world.releases.find(release => release.bucket === bucket && release.id === pointed);
      if (release)
        reasons.set(id(release), index === 0 ? `channel ${name}` : `channel ${name} rolls back to it`);
    }
  }
  return reasons;
}

function keptLayers(world: GcWorld, kept: readonly GcRelease[], isYoung: (time: number) => boolean): Reasons {
  const reasons: Reasons = new Map();
  for (const layer of world.layers) {
    if (isYoung(layer.createdAt)) reasons.set(layer.arn, 'younger than the grace period');
    if (layer.shared) reasons.set(layer.arn, 'it is shared: functions of other accounts may use it');
  }
  for (const release of kept) for (const arn of release.layerArns) reasons.set(arn, `release ${release.id}`);
  for (const user of world.users) for (const arn of user.layerArns) reasons.set(arn, `function ${user.name}`);
  return reasons;
}

function keptObjects(
  world: GcWorld,
  kept: readonly GcRelease[],
  layers: Reasons,
  isYoung: (time: number) => boolean,
  unknownUser: GcUser | undefined,
): Reasons {
  const byDigest = new Map<Digest, string>();
  // A layer may refer to its object instead of holding a copy, and a deleted layer is made again from it.
  for (const layer of world.layers)
    if (layers.has(layer.arn)) byDigest.set(layer.digest, `layer ${layer.arn}`);
  for (const release of kept)
    for (const digest of release.digests) byDigest.set(digest, `release ${release.id}`);
  for (const user of world.users) {
    for (const digest of user.digests ?? []) byDigest.set(digest, `function ${user.name}`);
  }
  const reasons: Reasons = new Map();
  for (const object of world.objects) {
    const because =
      byDigest.get(object.digest) ??
      (isYoung(object.modifiedAt) ? 'younger than the grace period' : undefined) ??
      (unknownUser && `function ${unknownUser.name} may use it: its code could not be read`);
    if (because !== undefined) reasons.set(id(object), because);
  }
  return reasons;
}

function keptCodes(world: GcWorld, kept: readonly GcRelease[], isYoung: (time: number) => boolean): Reasons {
  const reasons: Reasons = new Map();
  for (const code of world.codes)
    if (isYoung(code.modifiedAt)) reasons.set(id(code), 'younger than the grace period');
  for (const { bucket, key, id: name } of kept)
    reasons.set(id({ bucket, key: key.replace(/\.json$/, '.zip') }), `release ${name}`);
  return reasons;
}

function releaseItem({ id: name, bucket, key }: GcRelease): GcItem {
  return { kind: 'release', name, bucket, key };
}

function layerItem({ arn, region }: GcLayer): GcItem {
  return { kind: 'layer', name: arn, region };
}

function objectItem({ bucket, key, size }: GcCode): GcItem {
  return { kind: 'object', name: `s3://${bucket}/${key}`, bucket, key, size };
}
