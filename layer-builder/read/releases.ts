/** What a command that starts from a bucket reads there: one release, one channel. */
import type { ObjectStore } from '../aws/objects.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { readConfig } from '../config.ts';
import { fail } from '../errors.ts';
import type { GoalOptions } from '../publish/goal.ts';
import { targetsOf } from '../publish/goal.ts';
import { folderOf } from '../publish/names.ts';
import { isReleaseId } from '../publish/release.ts';
import type { Config } from '../types.ts';

export interface OpenBucket {
  readonly config: Config;
  readonly bucket: string;
  readonly objects: ObjectStore;
  readonly region: Region;
  /** `''` or a folder with its slash. */
  readonly prefix: string;
}

/**
 * Opens the first bucket of options and configuration for `work`: every bucket holds the same records, so one is
 * enough to find out. Throws `BUCKET_REQUIRED`, `REGION_REQUIRED`, `USAGE`.
 */
export async function withBucket<Result>(
  project: string,
  options: Pick<GoalOptions, 'bucket' | 'regions'>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
  work: (bucket: OpenBucket) => Promise<Result>,
): Promise<Result> {
  const config = await readConfig(project);
  const [target] = await targetsOf(config, options, env);
  if (target === undefined) return fail('REGION_REQUIRED', 'no region (expected --regions, found none)');
  const region = await openRegion(env, target, signal);
  try {
    return await work({
      config,
      region,
      bucket: target.bucket,
      objects: region.objects,
      prefix: folderOf(config.prefix),
    });
  } finally {
    region.clients.close();
  }
}

/** Throws `USAGE` for what can be no id, before it becomes part of a key. */
export function checkReleaseId(text: string): string {
  if (isReleaseId(text)) return text;
  return fail(
    'USAGE',
    `no release (expected <service>-<16 hexadecimal digits>, found ${JSON.stringify(text)})`,
    {
      hint: '"layer-builder list" shows the releases',
    },
  );
}
