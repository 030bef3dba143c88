/** Pure: which packages should lie in a layer and which in S3, so that every limit of Lambda is kept with a margin. */
import type { Load } from '../../artifact/lock.ts';
import { initLimitMs, largestTmpMb, layersLimit, nearPercent, unpackedLimit } from './limits.ts';

/** What one package of the app, a root, brings: everything it needs, by location. */
export interface SplitRoot {
  readonly name: string;
  readonly locations: readonly string[];
  /** Milliseconds of its import on this machine. */
  readonly ms: number;
  /** Whether every start of the app loads it. */
  readonly isStarted: boolean;
}

/** Files of the project: they stay in their artifact, because the app asks for it by name. */
export interface SplitAssets {
  readonly paths: readonly string[];
  /** Bytes in the artifact. */
  readonly size: number;
  readonly zipped: number;
}

export interface SplitInput {
  readonly artifacts: readonly {
    readonly name: string;
    readonly load: Load;
    /** Whether it is attached as a layer; otherwise it comes from S3 only. */
    readonly layer: boolean;
    readonly roots: readonly SplitRoot[];
    readonly assets?: SplitAssets;
  }[];
  /** By location: bytes in an artifact. */
  readonly weights: ReadonlyMap<string, { readonly size: number; readonly zipped: number }>;
  /** Unpacked bytes of the function package. */
  readonly appBytes: number;
  /** MB of /tmp. */
  readonly tmp: number;
}

export interface SplitPart {
  readonly place: 'function' | 'layer' | 's3';
  readonly name: string;
  readonly load: Load;
  readonly packages: readonly string[];
  readonly size: number;
  readonly unpackedSize: number;
  readonly ms: number;
}

export interface Split {
  readonly fits: boolean;
  /** True when nothing has to change, and nothing would be better. */
  readonly isCurrent: boolean;
  /** True when what is configured fits: another split only makes starts shorter. */
  readonly isOptional: boolean;
  readonly parts: readonly SplitPart[];
  /** The configuration key `artifacts` that says so. */
  readonly artifacts: Readonly<Record<string, SplitConfig>>;
  readonly notes: readonly string[];
}

interface SplitConfig {
  load?: Load;
  layer?: false;
  include?: readonly string[];
  assets?: readonly string[];
}

type Group = SplitInput['artifacts'][number];

const margin = nearPercent / 100;
const megabyte = 1024 * 1024;

/** Bytes unpacked from which a package that no start loads is worth an artifact of its own. */
const largeSleeper = 1_000_000;

/**
 * The heaviest packages move to S3, loaded lazily, until the layers keep the margin; packages whose import takes too
 * long for the init phase become lazy; layers beyond five are joined. What fits stays as it is, but for large packages
 * that no start loads: lazy, they are neither downloaded nor unpacked by one.
 */
export function planSplit(input: SplitInput): Split {
  const weigh = weigher(input);
  let groups: readonly Group[] = input.artifacts;
  const most = 2 * groups.reduce((sum, group) => sum + group.roots.length, 0) + groups.length;
  for (let step = 0; step < most; step++) {
    const next = improve(groups, input, weigh) ?? relieve(groups, weigh);
    if (next === undefined) break;
    groups = next;
  }
  const filled = groups.filter(isFilled);
  const { problems, notes } = judge(filled, input, weigh);
  const isCurrent = groups === input.artifacts;
  const lazy = filled.filter(group => group.load === 'lazy' && !input.artifacts.includes(group));
  return {
    fits: problems.length === 0,
    isCurrent,
    isOptional:
      improve(input.artifacts, input, weigh) === undefined &&
      judge(input.artifacts, input, weigh).problems.length === 0,
    parts: partsOf(filled, input, weigh),
    artifacts: configOf(filled),
    notes: [
      ...problems,
      ...notes,
      ...lazy.map(({ name }) => `the app awaits dependencies.load('${name}') before it imports from it`),
    ],
  };
}

function isFilled(group: Group): boolean {
  return group.roots.length > 0 || hasAssets(group);
}

function hasAssets({ assets }: Group): boolean {
  return assets !== undefined && assets.paths.length > 0;
}

type Weigh = (group: Group) => { readonly size: number; readonly zipped: number };

/** What several roots of a group need is in it once. */
function weigher(input: SplitInput): Weigh {
  return group => {
    let { size, zipped } = group.assets ?? { size: 0, zipped: 0 };
    for (const location of new Set(group.roots.flatMap(root => root.locations))) {
      size += input.weights.get(location)?.size ?? 0;
      zipped += input.weights.get(location)?.zipped ?? 0;
    }
    return { size, zipped };
  };
}

/** One step towards the margins; undefined when there is none to take. */
function improve(groups: readonly Group[], input: SplitInput, weigh: Weigh): readonly Group[] | undefined {
  const layers = groups.filter(group => group.layer && isFilled(group));
  const bytes = input.appBytes + sum(layers.map(group => weigh(group).size));
  if (bytes > margin * unpackedLimit) {
    const heaviest = rootsOf(layers).sort((a, b) => saved(b, weigh) - saved(a, weigh))[0];
    if (heaviest !== undefined) return moved(groups, heaviest, false, weigh);
  }
  const tooLarge = groups.filter(group => group.roots.length > 1 && weigh(group).size > unpackedLimit);
  const apart = rootsOf(tooLarge).sort((a, b) => saved(b, weigh) - saved(a, weigh))[0];
  if (apart !== undefined) return moved(groups, apart, apart.group.layer, weigh);
  const eager = rootsOf(groups.filter(group => group.load === 'eager'));
  if (sum(eager.map(({ root }) => root.ms)) > margin * initLimitMs) {
    const slowest = eager.sort((a, b) => b.root.ms - a.root.ms)[0];
    if (slowest !== undefined) return moved(groups, slowest, slowest.group.layer, weigh);
  }
  return layers.length > layersLimit ? joined(groups, layers, weigh) : undefined;
}

/** A large package that no start loads, out of an artifact that every start takes; undefined when there is none. */
function relieve(groups: readonly Group[], weigh: Weigh): readonly Group[] | undefined {
  const layers = groups.filter(group => group.layer && isFilled(group));
  const eager = groups.filter(group => group.load === 'eager' && group.roots.some(root => root.isStarted));
  const [sleeper] = rootsOf(eager)
    .filter(placed => !placed.root.isStarted && saved(placed, weigh) >= largeSleeper)
    .sort((a, b) => saved(b, weigh) - saved(a, weigh));
  if (sleeper === undefined || (sleeper.group.layer && layers.length >= layersLimit)) return undefined;
  return moved(groups, sleeper, sleeper.group.layer, weigh);
}

interface Placed {
  readonly group: Group;
  readonly root: SplitRoot;
}

function rootsOf(groups: readonly Group[]): Placed[] {
  return groups.flatMap(group => group.roots.map(root => ({ group, root })));
}

function saved({ group, root }: Placed, weigh: Weigh): number {
  return weigh(group).size - weigh({ ...group, roots: group.roots.filter(other => other !== root) }).size;
}

/** The root in a lazy group: one that has most of what it needs already and room for the rest, else a new one. */
function moved(
  groups: readonly Group[],
  { group, root }: Placed,
  layer: boolean,
  weigh: Weigh,
): readonly Group[] {
  const alone: Group = {
    name: nameFor(root.name, groups),
    load: 'lazy',
    layer,
    roots: [root],
  };
  const without = groups.map(other => {
    return other === group ? { ...group, roots: group.roots.filter(item => item !== root) } : other;
  });
  const host = without.find(other => {
    const both = { ...other, roots: [...other.roots, root] };
    const added = weigh(both).size - weigh(other).size;
    const isLike = other.load === 'lazy' && other.layer === layer && other.roots.length > 0;
    return isLike && added < weigh(alone).size / 2 && weigh(both).size < margin * unpackedLimit;
  });
  if (host === undefined) return [...without, alone];
  return without.map(other => (other === host ? { ...host, roots: [...host.roots, root] } : other));
}

/** The two smallest layers that are loaded at the same time, as one. */
function joined(
  groups: readonly Group[],
  layers: readonly Group[],
  weigh: Weigh,
): readonly Group[] | undefined {
  for (const load of ['lazy', 'eager'] as const) {
    const [first, second] = layers
      .filter(group => group.load === load && !hasAssets(group))
      .sort((a, b) => weigh(a).size - weigh(b).size);
    if (first === undefined || second === undefined) continue;
    const both = { ...second, roots: [...second.roots, ...first.roots] };
    return groups.filter(group => group !== first).map(group => (group === second ? both : group));
  }
  return undefined;
}

function judge(groups: readonly Group[], input: SplitInput, weigh: Weigh) {
  const problems: string[] = [];
  const notes: string[] = [];
  for (const group of groups) {
    if (weigh(group).size > unpackedLimit)
      problems.push(
        `${group.roots.map(root => root.name).join(', ')} alone is more than Lambda takes unpacked`,
      );
  }
  const layers = groups.filter(group => group.layer);
  if (input.appBytes + sum(layers.map(group => weigh(group).size)) > unpackedLimit)
    problems.push('function and layers together are more than Lambda takes unpacked');
  if (layers.length > layersLimit) problems.push(`${layers.length} layers are more than Lambda takes`);
  const disk = sum(groups.filter(group => !group.layer).map(group => weigh(group).size));
  // Half as much again: the copy of a cold start that was killed lies there until the next one sweeps it.
  const need = Math.ceil((disk * 1.5) / megabyte / 512) * 512;
  if (disk > margin * largestTmpMb * megabyte) problems.push('S3 brings more than /tmp can be made to hold');
  else if (disk > margin * input.tmp * megabyte)
    notes.push(
      `set function.tmp to ${Math.min(need, largestTmpMb)} (MB): what comes from S3 is unpacked there`,
    );
  return { problems, notes };
}

function partsOf(groups: readonly Group[], input: SplitInput, weigh: Weigh): SplitPart[] {
  const own: SplitPart = {
    ...{ place: 'function', name: 'app', load: 'eager', packages: [] },
    ...{ size: input.appBytes, unpackedSize: input.appBytes, ms: 0 },
  };
  const parts = groups.map((group): SplitPart => {
    const { size, zipped } = weigh(group);
    return {
      place: group.layer ? 'layer' : 's3',
      name: group.name,
      load: group.load,
      packages: group.roots.map(root => root.name),
      size: zipped,
      unpackedSize: size,
      ms: sum(group.roots.map(root => root.ms)),
    };
  });
  return [own, ...parts];
}

/** The largest eager group takes whatever no other names, so that a new import has a home. */
function configOf(groups: readonly Group[]): Split['artifacts'] {
  const open = groups.filter(group => !hasAssets(group));
  const rest = open.find(group => group.load === 'eager') ?? open[0];
  return Object.fromEntries(
    groups.map(group => [
      group.name,
      {
        ...(group.load === 'lazy' ? { load: 'lazy' as const } : {}),
        ...(group.layer ? {} : { layer: false as const }),
        ...(group === rest || group.roots.length === 0
          ? {}
          : { include: group.roots.map(root => root.name) }),
        ...(group.assets && hasAssets(group) ? { assets: group.assets.paths } : {}),
      },
    ]),
  );
}

function nameFor(packageName: string, groups: readonly Group[]): string {
  const plain = packageName
    .replace(/^@/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 28)
    .replace(/-$/, '');
  const base = plain === '' ? 'part' : plain;
  const taken = new Set(groups.map(group => group.name));
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number++;
  return `${base}-${number}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
