/** Opens repositories: a ref becomes a commit, a commit a snapshot, from memory where it is known. */
import type { GitHub, RepositoryName } from '../upstream/github.ts';
import { createCache } from './cache.ts';
import type { ArchiveLimits } from './limits.ts';
import { type Look, readSnapshot, type Snapshot } from './snapshot.ts';
import { createTurns } from './turns.ts';
import type { LoadReadZip } from './zip.ts';

export interface Repositories {
  readonly gitHub: GitHub;
  /** The snapshot of a commit, with at least the texts of the wanted paths. */
  open(
    repository: RepositoryName,
    commit: string,
    wanted: (path: string) => boolean,
    signal: AbortSignal,
    look?: Look,
  ): Promise<Snapshot>;
}

/** Bytes. With the largest snapshots being read beside it, it stays far below the memory of an ordinary function. */
const cacheCapacity = 24 * 1024 * 1024;
/** Lambda sends one request at a time; a plain server must not hold as many archives as it has clients. */
const archivesAtOnce = 2;
const archivesWaiting = 30;

export function createRepositories(
  gitHub: GitHub,
  limits: ArchiveLimits,
  loadReadZip?: LoadReadZip,
): Repositories {
  const cache = createCache<Snapshot>(cacheCapacity);
  const turns = createTurns(archivesAtOnce, archivesWaiting);
  return {
    gitHub,
    async open(repository, commit, wanted, signal, look) {
      const key = `${repository.owner}/${repository.name}@${commit}`.toLowerCase();
      const known = () => {
        const snapshot = cache.get(key);
        return snapshot && hasTexts(snapshot, wanted) ? snapshot : undefined;
      };
      const read = async () => {
        const archive = await gitHub.archiveOf(repository, commit, signal);
        const snapshot = await readSnapshot(archive, commit, wanted, limits, { loadReadZip, look });
        cache.set(key, snapshot, snapshot.weight);
        return snapshot;
      };
      // Whoever waited may have waited for the very commit that it wants.
      return known() ?? turns.take(async () => known() ?? read());
    },
  };
}

/** A snapshot that had to leave texts out still serves whoever does not want those. */
function hasTexts({ complete, files }: Snapshot, wanted: (path: string) => boolean): boolean {
  return complete || files.every(({ path, text, noText }) => text || noText || !wanted(path));
}
