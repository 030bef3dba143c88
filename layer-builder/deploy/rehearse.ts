/** Tries the S3 path of a function that prefers its layer: the same code and role, in a version that nobody calls. */
import type { FunctionAccess } from '../aws/function-access.ts';
import { deleteVersion, publishVersion, updateConfiguration } from '../aws/functions.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type { FunctionSettings } from './types.ts';

/**
 * Publishes a version with `DEPS_SOURCE=s3`, tests it cold, deletes it, and sets `$LATEST` back to `settings`.
 * Answers what it said and the new revision. A run that stops in between leaves `$LATEST` to be converged by the next one.
 *
 * Throws `SMOKE_FAILED` when the artifacts cannot be had from S3.
 */
export async function rehearseS3(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  revisionId: string,
  smokePaths: readonly string[],
): Promise<{ readonly revisionId: string; readonly smoke: readonly SmokeAnswer[] }> {
  const rehearsal = { ...settings, environment: { ...settings.environment, DEPS_SOURCE: 's3' } };
  const changed = await updateConfiguration(aws, name, rehearsal, revisionId);
  const version = await publishVersion(aws, name, settings.codeSha256, changed);
  let smoke: readonly SmokeAnswer[];
  try {
    smoke = await smokeTest(aws, name, version, smokePaths, 's3');
  } finally {
    await deleteVersion(aws, name, version);
  }
  return { revisionId: await updateConfiguration(aws, name, settings, changed), smoke };
}
