/** The closed set of failures that the command line and `deploy.ts` foresee. */
import type { ErrorFacts } from '../artifact/error.ts';
import { CodedError } from '../artifact/error.ts';

export const builderErrorCodes = [
  // wrong usage: exit status 2
  'USAGE',
  // the project
  'PROJECT_NOT_FOUND',
  'PACKAGE_JSON_INVALID',
  'CONFIG_INVALID',
  'LOCKFILE_MISSING',
  'LOCKFILE_INVALID',
  'LOCKFILE_OUT_OF_STEP',
  'LOCKFILE_UNSUPPORTED',
  'CLIENT_MISSING',
  'APP_NOT_FOUND',
  // build
  'INSTALL_FAILED',
  'INTEGRITY_MISMATCH',
  'BUILD_SOURCE_CHANGED',
  'BUILD_UNSAFE_FILE',
  'BUILD_SECRET',
  'BUILD_NOT_FOUND',
  'BUNDLE_FAILED',
  'NATIVE_MISMATCH',
  'ARTIFACT_TOO_LARGE',
  'PACKAGE_TOO_LARGE',
  'VERIFY_FAILED',
  'NOT_FOUND',
  // publish
  'BUCKET_REQUIRED',
  'BUCKET_NOT_FOUND',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_REJECTED',
  'ACCESS_DENIED',
  'ENDPOINT_UNREACHABLE',
  'REGION_REQUIRED',
  'PUBLISH_IMMUTABLE_COLLISION',
  'PUBLISH_CHANNEL_CONFLICT',
  'PUBLISH_FAILED',
  'PLAN_AGED',
  'NOT_PUBLISHED',
  'RELEASE_NOT_FOUND',
  'RELEASE_INVALID',
  'CHANNEL_INVALID',
  'CHANNEL_EMPTY',
  'PLAN_INVALID',
  'LAYER_LIMIT',
  'STORAGE_EXCEEDED',
  'THROTTLED',
  // deploy
  'DEPLOY_FAILED',
  'DEPLOY_CONFLICT',
  'SMOKE_FAILED',
  'ALARM_RAISED',
  'ENVIRONMENT_TOO_LARGE',
  'ENVIRONMENT_MISSING',
  // local
  'PORT_TAKEN',
  'LOCAL_FAILED',
  'LOAD_FAILED',
  'LAYER_MISMATCH',
  'DISK',
  // Ctrl-C or SIGTERM: exit status 130 or 143
  'INTERRUPTED',
  // a bug of ours: anything unforeseen
  'INTERNAL',
] as const;

export type BuilderErrorCode = (typeof builderErrorCodes)[number];

/** Codes that mean the command was called wrongly: exit status 2. */
export const usageCodes: ReadonlySet<string> = new Set(['USAGE', 'BUCKET_REQUIRED', 'REGION_REQUIRED']);

/** A failure foreseen by the builder, the publisher or the deployer. */
export class BuilderError extends CodedError<BuilderErrorCode> {
  override readonly name = 'BuilderError';
}

/** Shorthand used all over the builder. */
export function fail(code: BuilderErrorCode, message: string, facts: ErrorFacts = {}): never {
  throw new BuilderError(code, message, facts);
}
