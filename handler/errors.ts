/** Every failure the handler foresees, as one closed set of codes: object store, disk, lock, archive. */
import { CodedError } from '../artifact/error.ts';
import type { LockErrorCode } from '../artifact/lock.ts';

/** The object store did not give the artifact (FAULTS.md A). */
export type StoreErrorCode =
  | 'DEPS_ACCESS_DENIED'
  | 'DEPS_NOT_FOUND'
  | 'DEPS_NO_BUCKET'
  | 'DEPS_THROTTLED'
  | 'DEPS_UNREACHABLE'
  | 'DEPS_TIMEOUT'
  | 'DEPS_DIGEST'
  | 'DEPS_REGION'
  | 'DEPS_CLOCK'
  | 'DEPS_CREDS'
  | 'DEPS_RESPONSE';

/** The disk, the layer or the module path did not take it (FAULTS.md B). */
export type DiskErrorCode =
  | 'DEPS_NOSPACE'
  | 'DEPS_READONLY'
  | 'DEPS_TOO_MANY_FILES'
  | 'DEPS_DISK'
  | 'DEPS_UNSAFE_DIR'
  | 'DEPS_TREE'
  | 'DEPS_LAYER_MISMATCH'
  | 'DEPS_RUNTIME_MISMATCH'
  | 'DEPS_RESOLVE'
  | 'DEPS_UNKNOWN_ARTIFACT'
  | 'DEPS_SETTINGS'
  | 'DEPS_INCOMPLETE';

/**
 * An archive broke a rule of docs/security.md (FAULTS.md C).
 *
 * - `ZIP_FORMAT`: a record is missing, cut short or no zip at all
 * - `ZIP_EMPTY`: no entries
 * - `ZIP_LAYOUT`: the records do not fill the file exactly: a gap, an overlap, a hidden entry, a prefix, a suffix
 * - `ZIP_MISMATCH`: local header, data descriptor or extra field disagrees with the central directory
 * - `ZIP_UNSUPPORTED`: encryption, several disks, a compression method or a flag that we do not read
 * - `ZIP_EXTRA`: an extra field that is malformed or not on the list
 * - `ZIP_NAME`: a path that leaves the folder, hides something or reads differently elsewhere
 * - `ZIP_COLLISION`: two entries that are one file on some system
 * - `ZIP_MODE`: a link, device, set-user-id file or anything but a plain file or folder
 * - `ZIP_LIMIT`: too many, too large, too deep, too long or compressed beyond belief
 * - `ZIP_DATA`: the compressed data does not give exactly the promised size and CRC-32
 * - `ZIP_UNEXPECTED`: a sound archive, but not the one that was promised (files, bytes or tree)
 * - `ZIP_TARGET`: the folder to unpack into is in use
 */
export type ZipErrorCode =
  | 'ZIP_FORMAT'
  | 'ZIP_EMPTY'
  | 'ZIP_LAYOUT'
  | 'ZIP_MISMATCH'
  | 'ZIP_UNSUPPORTED'
  | 'ZIP_EXTRA'
  | 'ZIP_NAME'
  | 'ZIP_COLLISION'
  | 'ZIP_MODE'
  | 'ZIP_LIMIT'
  | 'ZIP_DATA'
  | 'ZIP_UNEXPECTED'
  | 'ZIP_TARGET';

export type HandlerErrorCode = LockErrorCode | 'LOCK_MISSING' | StoreErrorCode | DiskErrorCode | ZipErrorCode;

/** A foreseen failure of the handler. */
export class HandlerError extends CodedError<HandlerErrorCode> {
  override readonly name = 'HandlerError';
}
