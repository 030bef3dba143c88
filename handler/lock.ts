/** R1: the lock beside the handler, read and judged more strictly than by the builder, for paths and hosts come from it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../artifact/error.ts';
import type { Lock, LockErrorCode } from '../artifact/lock.ts';
import { lockFileName, parseLock } from '../artifact/lock.ts';
import { HandlerError } from './errors.ts';

/** Lambda takes 262,144,000 bytes unzipped, function and layers together; nothing of ours is larger. */
const mostBytes = 262_144_000;

/**
 * Reads and validates the lock in a folder.
 *
 * Throws `LOCK_MISSING` when there is none, `LOCK_INVALID` when it is no lock or holds a name, key, bucket or
 * region that cannot be one, `LOCK_VERSION` when its format is unknown. Nothing ever falls back to "the latest".
 */
export function readLock(folder: string): Lock {
  const file = path.join(folder, lockFileName);
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HandlerError(
      'LOCK_MISSING',
      `the lock cannot be read (expected ${file}, found ${codeOf(cause)})`,
      {
        hint: 'run "layer-builder package": it puts deps.lock.json beside the handler',
        details: { file },
        cause,
      },
    );
  }
  return checkLock(source);
}

/** The same from text. Throws `LOCK_INVALID` and `LOCK_VERSION`. */
export function checkLock(source: string): Lock {
  let lock: Lock;
  try {
    lock = parseLock(source);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { message, hint, details, cause } = error;
    throw new HandlerError(error.code as LockErrorCode, message, { ...(hint && { hint }), details, cause });
  }
  const twice = repeatedKey(source);
  if (twice !== undefined) throw invalid('the file', 'each key once', `${show(twice)} again`);
  for (const [index, artifact] of lock.artifacts.entries()) {
    const at = `artifacts[${index}]`;
    if (artifact.size > mostBytes || artifact.unpackedSize > mostBytes) {
      throw invalid(`${at}.size`, `at most ${mostBytes} bytes`, `${artifact.size}, ${artifact.unpackedSize}`);
    }
    if (!isKey(artifact.s3.key)) throw invalid(`${at}.s3.key`, 'a plain S3 key', show(artifact.s3.key));
    for (const { name } of artifact.packages) {
      if (!isPackageName(name)) throw invalid(`${at}.packages`, 'names of npm packages', show(name));
    }
    for (const [region, { bucket, versionId }] of Object.entries(artifact.published)) {
      if (!/^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(region)) {
        throw invalid(`${at}.published`, 'names of regions', show(region));
      }
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
        throw invalid(`${at}.published.${region}.bucket`, 'the name of a bucket', show(bucket));
      }
      if (versionId !== undefined && !/^[\w.-]{1,1024}$/.test(versionId)) {
        throw invalid(`${at}.published.${region}.versionId`, 'the id of a version', show(versionId));
      }
    }
  }
  return lock;
}

/** Names as npm takes them, with room for old packages in upper case. */
export function isPackageName(name: string): boolean {
  return (
    name.length <= 214 &&
    /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/.test(name) &&
    !/(^|\/)__proto__$/.test(name)
  );
}

/** No empty, `.` or `..` segment and no control character: the key is part of a request line. */
function isKey(key: string): boolean {
  // S3 takes 1,024 bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
  if (Buffer.byteLength(key) > 1024 || /\p{Cc}/u.test(key)) return false;
  return key.split('/').every(segment => segment !== '' && segment !== '.' && segment !== '..');
}

/**
 * The first key that an object of this JSON text holds twice (or that is `__proto__`), undefined when none does.
 * JSON.parse keeps the last of two without a word, other readers the first; then two tools see two locks.
 * The text is known to be valid JSON.
 */
function repeatedKey(source: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let wantsKey = false;
  for (const [token] of source.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const keys = open.at(-1);
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (wantsKey && keys !== undefined && token.startsWith('"')) {
      const key = JSON.parse(token) as string;
      if (keys.has(key) || key === '__proto__') return key;
      keys.add(key);
    }
    wantsKey = token === '{' || (token === ',' && open.at(-1) !== undefined);
  }
  return undefined;
}

function invalid(at: string, expected: string, found: string): HandlerError {
  return new HandlerError(
    'LOCK_INVALID',
    `${at} of the lock is not valid (expected ${expected}, found ${found})`,
    {
      hint: 'run "layer-builder build" again; do not edit deps.lock.json by hand',
      details: { at, expected, found },
    },
  );
}

function show(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'nothing';
}
