/** Tries the S3 path of a function that prefers its layer: the same code and role, in a version that nobody calls. */
import type { FunctionAccess } from '../aws/function-access.ts';
import { readLatest } from '../aws/function-read.ts';
import { deleteVersion, publishVersion, updateConfiguration } from '../aws/functions.ts';
import { fail } from '../errors.ts';
import { changesBetween } from './plan.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type { FunctionSettings } from './types.ts';

/** How Lambda is reached: as long as nobody stops the run, and also afterwards, to tidy up. */
export interface RehearsalAccess extends FunctionAccess {
  readonly lasting?: FunctionAccess;
}

/**
 * Publishes a version with `DEPS_SOURCE=s3`, tests it cold, deletes it, and sets `$LATEST` back to `settings`.
 * Answers what it said and the new revision. A run that stops in between leaves `$LATEST` to be converged by the next
 * one; the version goes after Ctrl-C too.
 *
 * Throws `SMOKE_FAILED` when the artifacts cannot be had from S3, `DEPLOY_CONFLICT` when somebody else changed the
 * function meanwhile.
 */
export async function rehearseS3(
  aws: RehearsalAccess,
  name: string,
  settings: FunctionSettings,
  revisionId: string,
  smokePaths: readonly string[],
): Promise<{ readonly revisionId: string; readonly smoke: readonly SmokeAnswer[] }> {
  const rehearsal = { ...settings, environment: { ...settings.environment, DEPS_SOURCE: 's3' } };
  const changed = await updateConfiguration(aws, name, rehearsal, revisionId);
  const version = await publishVersion(aws, name, settings.codeSha256, changed);
  const remove = () => deleteVersion(aws.lasting ?? aws, name, version);
  const smoke = await smokeTest(aws, name, version, smokePaths, 's3').catch(async error => {
    // why the test failed is to be said, whatever becomes of the version
    await remove().catch(() => {});
    throw error;
  });
  await remove();
  const published = await revisionNow(aws, name, rehearsal);
  return { revisionId: await updateConfiguration(aws, name, settings, published), smoke };
}

/**
 * The revision of `$LATEST`, which AWS renews whenever a version is published.
 * Throws `DEPLOY_CONFLICT` when it is not as this run left it.
 */
export async function revisionNow(
  aws: FunctionAccess,
  name: string,
  left: FunctionSettings,
): Promise<string> {
  const latest = await readLatest(aws, name);
  const changes = changesBetween(latest, left).map(({ setting }) => setting);
  if (changes.length === 0) return latest.revisionId;
  return fail(
    'DEPLOY_CONFLICT',
    `${name} was changed by somebody else during this deployment (expected it as this run left it, found another ${changes.join(', ')})`,
    { hint: 'run the deployment again; it starts from what is there now', details: { changes } },
  );
}
