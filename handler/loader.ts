/** The cold-start loader, steps R1 to R6 of docs/resolution.md: from the lock to importable packages. */
import type { Digest } from '../artifact/digest.ts';
import { assetsPath } from '../artifact/layout.ts';
import type { Lock, LockArtifact, LockPackage } from '../artifact/lock.ts';
import { chooseSource, expectedMarker } from './choose.ts';
import { useCompileCache } from './compile-cache.ts';
import { HandlerError } from './errors.ts';
import { readMarker } from './marker.ts';
import type { PhaseTimer } from './phases.ts';
import { startPhases } from './phases.ts';
import { makeImportable } from './resolve.ts';
import { incomplete } from './retriable.ts';
import { checkRuntime } from './runtime.ts';
import type { LoaderSettings } from './settings.ts';

export type { LoaderEvent } from './events.ts';
export { readLock } from './lock.ts';
export { isRetriable } from './retriable.ts';
export type { DownloadLimits, LoaderSettings, SourceChoice } from './settings.ts';

/** Where the files of an artifact are: the mounted layer, a verified copy found, a fresh download. */
export type Source = 'layer' | 'tmp' | 's3';

export type Phase =
  | 'choose'
  | 'connect'
  | 'firstByte'
  | 'download'
  | 'verify'
  | 'unpack'
  | 'resolve'
  | 'import';

export interface ResolvedArtifact {
  readonly name: string;
  readonly source: Source;
  readonly digest: Digest;
  readonly tree: Digest;
  /** The folder that holds `nodejs/`. */
  readonly root: string;
  readonly packages: readonly LockPackage[];
  /** The folder of the project's files that the configuration put in it, each at its place in the project. */
  readonly assets: string;
  /** Milliseconds, fractions kept; a phase that did not happen is absent. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
}

export interface Dependencies {
  /** Resolved so far, in the order of the lock. */
  readonly artifacts: readonly ResolvedArtifact[];
  /** A lazy artifact, on first use: once, also under concurrency. A failure is forgotten: the next call tries again. */
  load(name: string): Promise<ResolvedArtifact>;
}

/** An artifact on its way: where it is, and the stopwatch that is still running. */
interface Located {
  readonly artifact: LockArtifact;
  readonly source: Source;
  readonly root: string;
  readonly timer: PhaseTimer;
}

/**
 * Resolves every eager artifact of the lock (R2 to R5) and makes all of them importable (R6): all or nothing.
 * Over within `settings.deadlineMs`. After a failure it may simply be called again; what was downloaded and
 * verified is reused then.
 *
 * Throws `DEPS_*` or `ZIP_*`; `DEPS_INCOMPLETE` with every outcome when the lock has several eager artifacts and
 * at least one failed. `isRetriable` says whether a later try may help.
 */
export async function resolveDependencies(lock: Lock, settings: LoaderSettings): Promise<Dependencies> {
  checkRuntime(lock);
  const resolved = new Map<string, ResolvedArtifact>();
  const underWay = new Map<string, Promise<ResolvedArtifact>>();
  const inLockOrder = () => lock.artifacts.flatMap(({ name }) => resolved.get(name) ?? []);

  const resolveAll = async (wanted: readonly LockArtifact[]): Promise<void> => {
    const located = await locateAll(wanted, lock, settings);
    const startedAt = settings.clock.monotonic();
    const rootOf = (name: string) =>
      located.find(({ artifact }) => artifact.name === name)?.root ?? resolved.get(name)?.root;
    makeImportable(lock.artifacts.flatMap(({ name }) => rootOf(name) ?? []));
    for (const { root } of located) useCompileCache(root);
    // One step for all of them: each is told how long it took.
    const ms = settings.clock.monotonic() - startedAt;
    for (const found of located) {
      found.timer.set('resolve', ms);
      resolved.set(found.artifact.name, finish(found));
    }
  };

  await resolveAll(lock.artifacts.filter(({ load }) => load === 'eager'));

  return {
    get artifacts() {
      return inLockOrder();
    },
    load(name) {
      const ready = resolved.get(name);
      if (ready !== undefined) return Promise.resolve(ready);
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const artifact = lock.artifacts.find(candidate => candidate.name === name);
      if (artifact === undefined) return Promise.reject(unknownArtifact(name, lock));
      const loading = resolveAll([artifact])
        .then(() => resolved.get(name) as ResolvedArtifact)
        .finally(() => underWay.delete(name));
      underWay.set(name, loading);
      return loading;
    },
  };
}

/** R2 to R5 for several artifacts at once: what is on the disk first, the rest over as many connections. */
async function locateAll(
  wanted: readonly LockArtifact[],
  lock: Lock,
  settings: LoaderSettings,
): Promise<readonly Located[]> {
  const untilMs = settings.clock.monotonic() + settings.deadlineMs;
  const timers = new Map(wanted.map(artifact => [artifact, startPhases(settings.clock)]));
  const timerOf = (artifact: LockArtifact) => timers.get(artifact) as PhaseTimer;
  const inLayer = wanted.filter(artifact => isInLayer(artifact, lock, settings, timerOf(artifact)));
  const located: Located[] = inLayer.map(artifact => ({
    artifact,
    source: 'layer',
    root: settings.layerRoot,
    timer: timerOf(artifact),
  }));
  if (inLayer.length === wanted.length) return located;

  // Loaded here and not above: a function with a layer never pays for store, HTTP, signer and zip.
  const { fetchAll } = await import('./fetch.ts');
  const missing = wanted.filter(artifact => !inLayer.includes(artifact));
  const fetched = await fetchAll(
    missing.map(artifact => ({
      artifact,
      expected: expectedMarker(lock, artifact),
      timer: timerOf(artifact),
    })),
    lock.artifacts,
    settings,
    untilMs,
  );
  const failures = fetched.flatMap(one =>
    'error' in one ? [{ name: one.artifact.name, error: one.error }] : [],
  );
  if (failures.length > 0) throw incomplete(wanted, failures);
  return [...located, ...fetched.flatMap(one => ('error' in one ? [] : [one]))];
}

/** R2. A layer that is there but another one is worth a warning; none at all is a choice of the deployer. */
function isInLayer(artifact: LockArtifact, lock: Lock, settings: LoaderSettings, timer: PhaseTimer): boolean {
  const { source, layerRoot, log } = settings;
  const expected = expectedMarker(lock, artifact);
  const found = source === 's3' ? null : readMarker(layerRoot, artifact.name);
  const choice = chooseSource(source, found, expected, layerRoot);
  timer.lap('choose');
  if (choice.take === 'layer') return true;
  if (source === 'auto') {
    const level = choice.found === null ? 'info' : 'warn';
    log({ level, event: 'layer-mismatch', artifact: artifact.name, expected, found: choice.found });
  }
  return false;
}

function finish({ artifact, source, root, timer }: Located): ResolvedArtifact {
  const { name, digest, tree, packages } = artifact;
  const assets = `${root}/${assetsPath(name)}`;
  return { name, source, digest, tree, root, packages, assets, phases: timer.phases };
}

function unknownArtifact(name: string, lock: Lock): HandlerError {
  const known = lock.artifacts.map(artifact => artifact.name);
  return new HandlerError(
    'DEPS_UNKNOWN_ARTIFACT',
    `the lock has no artifact ${JSON.stringify(String(name).slice(0, 80))} (expected ${known.join(', ') || 'none'})`,
    {
      hint: 'name an artifact of layer-builder.config, then build and deploy again',
      details: { expected: known },
    },
  );
}
