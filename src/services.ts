/** What routes work with: made once per app, everything behind it loaded when first needed. */
import type { Route } from './declare.ts';
import type { Dependencies } from './dependencies.ts';
import type { Log } from './log.ts';
import type { ArchiveLimits } from './repository/limits.ts';
import type { Repositories } from './repository/repositories.ts';
import type { LoadReadZip } from './repository/zip.ts';
import { createSecret, type Secret } from './secrets/secret.ts';
import type { Settings } from './settings.ts';
import type { Measure } from './upstream/http.ts';

export interface Services {
  /** All of them: the OpenAPI document is made from them. */
  readonly routes: readonly Route[];
  readonly settings: Settings;
  readonly log: Log;
  /** Absent on a plain server. */
  readonly dependencies: Dependencies | undefined;
  readonly secrets: Secrets;
  /** Told of every request to another service. */
  readonly measure: Measure;
  /** GitHub and the snapshots of its repositories; loaded with the first call. */
  repositories(): Promise<Repositories>;
  /** Identity of this process, made at start. */
  readonly server: { readonly id: string; readonly instanceId: string; readonly bootTime: number };
}

export interface Secrets {
  readonly key: Secret;
  readonly previousKey: Secret;
  readonly ipDataKey: Secret;
  readonly gitHubToken: Secret;
}

/** The secrets of the settings; the code that resolves references is loaded with the first reference. */
export function createSecrets(settings: Settings): Secrets {
  const resolve = async (path: string) =>
    (await import('./secrets/ssm.ts')).resolveParameter(path, settings.extension);
  return {
    key: createSecret(settings.keyValue, resolve),
    previousKey: createSecret(settings.previousKeyValue, resolve),
    ipDataKey: createSecret(settings.ipDataKey, resolve),
    gitHubToken: createSecret(settings.gitHubToken, resolve),
  };
}

/** Loads the code of GitHub and its archives once, whoever calls first. */
export function createRepositoryLoader(
  { settings, secrets, measure }: Pick<Services, 'settings' | 'secrets' | 'measure'>,
  changed: Partial<ArchiveLimits>,
  loadReadZip?: LoadReadZip,
): () => Promise<Repositories> {
  let loaded: Promise<Repositories> | undefined;
  async function load(): Promise<Repositories> {
    const [{ createGitHub }, { createRepositories }, { archiveLimits }] = await Promise.all([
      import('./upstream/github.ts'),
      import('./repository/repositories.ts'),
      import('./repository/limits.ts'),
    ]);
    const limits = { ...archiveLimits, ...changed };
    const deadlines = { api: Math.min(8000, limits.deadline), archive: limits.deadline };
    const { gitHubUrl: url } = settings;
    const takesZips = loadReadZip !== undefined;
    const gitHub = createGitHub({ url, token: secrets.gitHubToken, deadlines, measure, takesZips });
    return createRepositories(gitHub, limits, loadReadZip);
  }
  return () => {
    loaded ??= load();
    return loaded;
  };
}
