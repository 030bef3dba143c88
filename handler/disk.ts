/** Names the file system's own errors: what failed, what is needed, what there is. */
import { statfsSync } from 'node:fs';
import { HandlerError } from './errors.ts';

/** Bytes that a set of files takes, at most: each file's last block is half empty, folders take a block too. */
export function diskNeed(bytes: number, files: number): number {
  return bytes + files * 4096 + 65_536;
}

/** Bytes that may still be written at this place; undefined where the file system does not tell. */
export function freeBytes(dir: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * The coded error for a failed file-system call: `DEPS_NOSPACE` (no space, quota, file size limit), `DEPS_READONLY`,
 * `DEPS_TOO_MANY_FILES`, else `DEPS_DISK`. Errors that are coded already pass unchanged.
 */
export function diskError(
  error: unknown,
  facts: { path: string; needBytes?: number; haveBytes?: number | undefined },
): unknown {
  if (error instanceof HandlerError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error;
  const details = { ...facts, found: code };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return noSpace(facts.path, facts.needBytes, facts.haveBytes, code, error);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new HandlerError(
        'DEPS_READONLY',
        `${facts.path} cannot be written (expected a writable folder, found ${code})`,
        {
          hint: 'set DEPS_DIR to a writable folder such as /tmp/deps, or attach the layer',
          details,
          cause: error,
        },
      );
    case 'EMFILE':
    case 'ENFILE':
      return new HandlerError(
        'DEPS_TOO_MANY_FILES',
        `no file descriptor is left (expected at most 1,024 in use, found ${code})`,
        { hint: 'close files and sockets that the app holds open', details, cause: error },
      );
    default:
      return new HandlerError('DEPS_DISK', `the disk failed at ${facts.path} (found ${code})`, {
        hint: 'try again; in Lambda a new environment gets a new disk',
        details,
        cause: error,
      });
  }
}

/** `DEPS_NOSPACE` with need and have, in bytes. */
export function noSpace(
  path: string,
  needBytes: number | undefined,
  haveBytes: number | undefined,
  found = 'too little space',
  cause?: unknown,
): HandlerError {
  const need = needBytes === undefined ? 'room' : `${needBytes} bytes`;
  const have = haveBytes === undefined ? found : `${haveBytes} bytes (${found})`;
  return new HandlerError('DEPS_NOSPACE', `${path} is too full (expected ${need} free, found ${have})`, {
    hint: "raise the function's ephemeral storage, or keep less in /tmp",
    details: { path, needBytes: needBytes ?? null, haveBytes: haveBytes ?? null, found },
    cause,
  });
}
