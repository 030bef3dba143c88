/** The lock: what the builder writes, what the function package pins, what the handler obeys. */

import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { CodedError } from './error.ts';
import { artifactNamePattern } from './layout.ts';

export const lockFileName = 'deps.lock.json';
export const lockFormatVersion = 1;

/** Lambda runtimes that artifacts are made for. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
export const runtimes = ['nodejs24.x', 'nodejs22.x'] as const;
export type Runtime = (typeof runtimes)[number];

export const architectures = ['x86_64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

export type Load = 'eager' | 'lazy';

export interface LockPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
}

/** Where one region holds the bytes. `versionId` only where the bucket is versioned. */
export interface Published {
  readonly bucket: string;
  readonly versionId?: string;
  readonly layerVersionArn?: string;
}

export interface LockArtifact {
  readonly name: string;
  readonly load: Load;
  readonly digest: Digest;
  readonly tree: Digest;
  /** Bytes of the zip. */
  readonly size: number;
  /** Bytes of all files after unpacking. */
  readonly unpackedSize: number;
  readonly files: number;
  readonly packages: readonly LockPackage[];
  readonly s3: { readonly key: string };
  readonly published: Readonly<Record<string, Published>>;
}

export interface Lock {
  readonly formatVersion: typeof lockFormatVersion;
  readonly service: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly artifacts: readonly LockArtifact[];
}

/** The marker inside the zip. `tree` is the tree digest of every other file of the zip. */
export interface Marker {
  readonly formatVersion: typeof lockFormatVersion;
  readonly name: string;
  readonly tree: Digest;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
}

export type LockErrorCode = 'LOCK_INVALID' | 'LOCK_VERSION';

/**
 * Reads the text of a lock. Unknown fields are kept, so that an older tool passes a newer lock on unharmed.
 *
 * Throws `LOCK_INVALID` when the text is no lock (the message names the field, what was expected and what
 * was found), `LOCK_VERSION` when its format version is one this reader does not know.
 */
export function parseLock(source: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw invalidLock('the file', 'JSON', `${source.length} characters that do not parse`, cause);
  }
  const lock = record(value, 'the file');
  if (lock['formatVersion'] !== lockFormatVersion) {
    throw new CodedError<LockErrorCode>(
      'LOCK_VERSION',
      `unknown lock format (expected formatVersion ${lockFormatVersion}, found ${show(lock['formatVersion'])})`,
      { hint: 'build and deploy with the same version of layer-builder' },
    );
  }
  text(lock['service'], 'service');
  oneOf(lock['runtime'], runtimes, 'runtime');
  oneOf(lock['architecture'], architectures, 'architecture');
  const names = new Set<string>();
  for (const [index, item] of array(lock['artifacts'], 'artifacts').entries()) {
    const at = `artifacts[${index}]`;
    const artifact = checkArtifact(record(item, at), at);
    if (names.has(artifact)) throw invalidLock(`${at}.name`, 'a name used once', `${show(artifact)} again`);
    names.add(artifact);
  }
  return value as Lock;
}

/** The text of a lock as it is written to disk: two spaces, one final line feed, fields in the order given. */
export function formatLock(lock: Lock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

function checkArtifact(artifact: Record<string, unknown>, at: string): string {
  const name = text(artifact['name'], `${at}.name`);
  if (!artifactNamePattern.test(name)) throw invalidLock(`${at}.name`, `${artifactNamePattern}`, show(name));
  oneOf(artifact['load'], ['eager', 'lazy'], `${at}.load`);
  for (const field of ['digest', 'tree']) {
    if (!isDigest(artifact[field])) {
      throw invalidLock(`${at}.${field}`, 'sha256: and 64 hexadecimal digits', show(artifact[field]));
    }
  }
  for (const field of ['size', 'unpackedSize', 'files']) count(artifact[field], `${at}.${field}`);
  for (const [index, item] of array(artifact['packages'], `${at}.packages`).entries()) {
    const dependency = record(item, `${at}.packages[${index}]`);
    text(dependency['name'], `${at}.packages[${index}].name`);
    text(dependency['version'], `${at}.packages[${index}].version`);
  }
  const key = text(record(artifact['s3'], `${at}.s3`)['key'], `${at}.s3.key`);
  if (!key.endsWith(`${String(artifact['digest']).replace(':', '/')}.zip`)) {
    throw invalidLock(`${at}.s3.key`, 'a key that ends in sha256/<digest>.zip', show(key));
  }
  for (const [region, item] of Object.entries(record(artifact['published'], `${at}.published`))) {
    const published = record(item, `${at}.published.${region}`);
    text(published['bucket'], `${at}.published.${region}.bucket`);
    for (const field of ['versionId', 'layerVersionArn']) {
      if (published[field] !== undefined) text(published[field], `${at}.published.${region}.${field}`);
    }
  }
  return name;
}

function record(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalidLock(at, 'an object', show(value));
}

function array(value: unknown, at: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidLock(at, 'a list', show(value));
}

function text(value: unknown, at: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalidLock(at, 'a text that is not empty', show(value));
}

function count(value: unknown, at: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw invalidLock(at, 'a whole number ≥ 0', show(value));
}

function oneOf(value: unknown, allowed: readonly string[], at: string): void {
  if (!allowed.includes(value as string)) throw invalidLock(at, allowed.join(' or '), show(value));
}

/** A value as it is shown in messages: JSON, 80 characters of it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The error for a field that breaks a rule of the lock. */
export function invalidLock(
  at: string,
  expected: string,
  found: string,
  cause?: unknown,
): CodedError<LockErrorCode> {
  return new CodedError<LockErrorCode>(
    'LOCK_INVALID',
    `${at} of the lock is not valid (expected ${expected}, found ${found})`,
    {
      hint: 'run "layer-builder build" again; do not edit deps.lock.json by hand',
      details: { at, expected, found },
      cause,
    },
  );
}
