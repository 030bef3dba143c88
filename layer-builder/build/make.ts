/** Installs what a plan asks for and makes its artifacts in memory; the caller decides where they go. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildPlan, PlannedArtifact } from '../plan/build.ts';
import type { Natives } from '../plan/warnings.ts';
import type { LockEntry } from '../read/lockfile.ts';
import type { ProjectFacts } from '../read/project.ts';
import type { BuildOptions } from '../types.ts';
import type { MadeArtifact } from './artifact.ts';
import { makeArtifact } from './artifact.ts';
import { clashesOf } from './clashes.ts';
import { stageFiles } from './compact/stage.ts';
import { installPackages } from './install.ts';
import type { NativeTarget } from './native/check.ts';
import { findTargetNode } from './node.ts';
import { readPackageFiles } from './walk.ts';

export interface MakePlaces {
  /** Folder of finished installs. */
  readonly installs: string;
  /** A private folder that the caller removes. */
  readonly temporary: string;
}

/** Throws what `installPackages` and `makeArtifact` throw. */
export async function makeArtifacts(
  facts: ProjectFacts,
  plan: BuildPlan,
  places: MakePlaces,
  options: BuildOptions & { readonly weighs?: boolean },
): Promise<MadeArtifact[]> {
  const { progress = () => {}, force = false, env = process.env, signal } = options;
  const sourceMaps = options.sourceMaps ?? facts.config.sourceMaps;
  const count = plan.artifacts.reduce((sum, artifact) => sum + artifact.reach.packages.length, 0);
  progress(`installing ${count} packages for ${plan.machine.os}-${plan.machine.cpu}`);
  const install = await installPackages(
    plan.install,
    plan.machine,
    { cache: places.installs, temporary: places.temporary, lockfile: facts.lockfile, fresh: force },
    { env, signal },
  );
  for (const entry of plan.artifacts.flatMap(artifact => artifact.reach.packages)) {
    if (entry.folder !== undefined) layFolder(entry, entry.folder, install.folder, facts.config);
  }
  const node = findTargetNode(facts.config.runtime, facts.project);
  const first = plan.artifacts.find(({ load, reach }) => load === 'eager' && reach.packages.length > 0);
  const make = async (
    artifact: PlannedArtifact,
    kept: ReadonlyMap<string, string>,
  ): Promise<MadeArtifact> => {
    signal?.throwIfAborted();
    progress(`packing ${artifact.name}`);
    const present = withoutAbsent(artifact, install.folder);
    const work = join(places.temporary, artifact.name);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    return makeArtifact(present, facts, {
      installFolder: install.folder,
      work,
      machine: plan.machine,
      entries: plan.entries,
      specifiers: plan.specifiers,
      started: plan.started,
      kept,
      sourceMaps,
      hasCache: artifact === (first ?? artifact),
      weighs: options.weighs ?? false,
      node,
      signal,
    });
  };
  const made = await twoAtOnce(plan.artifacts, artifact => make(artifact, new Map()));
  return withoutClashes(plan.artifacts, made, make);
}

type Make = (artifact: PlannedArtifact, kept: ReadonlyMap<string, string>) => Promise<MadeArtifact>;

/** Artifacts that are to be layers are made again, until what two of them hold is the same in both. */
async function withoutClashes(
  planned: readonly PlannedArtifact[],
  made: readonly MadeArtifact[],
  make: Make,
): Promise<MadeArtifact[]> {
  const latest = new Map(made.map(item => [item.name, item]));
  const layers = planned.filter(({ layer }) => layer);
  const kept = new Map<string, string>();
  for (;;) {
    const clashes = clashesOf(layers.flatMap(({ name }) => latest.get(name) ?? []));
    const news = [...clashes].filter(([location]) => !kept.has(location));
    if (news.length === 0) return [...latest.values()];
    for (const [location, reason] of news) kept.set(location, reason);
    const holders = layers.filter(({ reach }) => reach.packages.some(({ location }) => kept.has(location)));
    for (const item of await twoAtOnce(holders, artifact => make(artifact, kept)))
      latest.set(item.name, item);
  }
}

/** In order. While one artifact waits for a proof or for deflate, the other has the thread. Nothing goes on after a failure. */
async function twoAtOnce<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, item] = next;
      try {
        results[index] = await run(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled([work(), work()]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

/** Packages with machine code, of all artifacts. */
export function nativesOf(made: readonly MadeArtifact[]): Natives {
  return Object.assign({}, ...made.map(({ natives }) => natives)) as Natives;
}

/** A `file:` folder is laid beside the install as it is now; reading it refuses what must not be packed. */
function layFolder(entry: LockEntry, folder: string, installFolder: string, target: NativeTarget): void {
  const place = entry.location;
  const { files } = readPackageFiles(folder, place, entry.name, target);
  rmSync(join(installFolder, place), { recursive: true, force: true });
  const own = `nodejs/${place}/`;
  stageFiles(
    files.map(file => ({ ...file, path: file.path.slice(own.length) })),
    join(installFolder, place),
  );
}

/** npm leaves out optional packages that do not fit or fail; what is not there is not in the artifact. */
function withoutAbsent(artifact: PlannedArtifact, folder: string): PlannedArtifact {
  const packages = artifact.reach.packages.filter(entry =>
    existsSync(join(folder, entry.location, 'package.json')),
  );
  return { ...artifact, reach: { ...artifact.reach, packages } };
}
