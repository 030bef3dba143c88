/** R1: the lock beside the handler, read and judged more strictly than by the builder, for paths and hosts come from it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../artifact/error.ts';
import type { Lock, LockArtifact, LockErrorCode } from '../artifact/lock.ts';
import { formatLock, invalidLock, lockFileName, parseLock, show } from '../artifact/lock.ts';
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
      `the lock cannot be read (expected ${file}, found ${(cause as NodeJS.ErrnoException).code})`,
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
  try {
    const lock = parseLock(source);
    // A lock that its own writer would write the same holds each key once; that is told in a tenth of the time.
    const isOurs = source === formatLock(lock) && !source.includes('"__proto__"');
    const twice = isOurs ? undefined : repeatedKey(source);
    if (twice !== undefined) throw invalidLock('the file', 'each key once', `${show(twice)} again`);
    for (const [index, artifact] of lock.artifacts.entries()) checkArtifact(artifact, `artifacts[${index}]`);
    return lock;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new HandlerError(error.code as LockErrorCode, error.message, error);
  }
}

function checkArtifact(artifact: LockArtifact, at: string): void {
  const { size, unpackedSize, s3, packages, published } = artifact;
  if (size > mostBytes || unpackedSize > mostBytes) {
    throw invalidLock(`${at}.size`, `at most ${mostBytes} bytes`, `${size}, ${unpackedSize}`);
  }
  if (!isKey(s3.key)) throw invalidLock(`${at}.s3.key`, 'a plain S3 key', show(s3.key));
  for (const { name } of packages) {
    if (!isPackageName(name)) throw invalidLock(`${at}.packages`, 'names of npm packages', show(name));
  }
  for (const [region, { bucket, versionId }] of Object.entries(published)) {
    const here = `${at}.published.${region}`;
    if (!/^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(region)) {
      throw invalidLock(`${at}.published`, 'names of regions', show(region));
    }
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
      throw invalidLock(`${here}.bucket`, 'the name of a bucket', show(bucket));
    }
    if (versionId !== undefined && !/^[\w.-]{1,1024}$/.test(versionId)) {
      throw invalidLock(`${here}.versionId`, 'the id of a version', show(versionId));
    }
  }
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
  const open: Set<string>[] = [];
  // A text is a key where a colon follows. Texts are matched whole, so that a brace in one is none.
  for (const [token, text = '', colon] of source.matchAll(/("(?:[^"\\]|\\.)*")\s*(:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon) {
      const key = JSON.parse(text) as string;
      const keys = open.at(-1) as Set<string>;
      if (key === '__proto__' || keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
