/** What routes work with: made once per app, everything behind it loaded when first needed. */
import type { Dependencies } from './dependencies.ts';
import type { Log } from './log.ts';
import { createSecret, type Secret } from './secrets/secret.ts';
import type { Settings } from './settings.ts';

export interface Services {
  readonly settings: Settings;
  readonly log: Log;
  readonly dependencies: Dependencies;
  readonly secrets: Secrets;
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
