/** What the tests of the unpacker share: a private place, and what a refusal must look like. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Digest } from '../../../artifact/digest.ts';
import { sha256Hex, treeOf } from '../../../artifact/digest.ts';
import type { HandlerErrorCode } from '../../../handler/errors.ts';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';
import { contentOf, defaultLimits, readArchive } from '../../../handler/zip/read.ts';

export const fixtures = new URL('../../../../shared/fixtures/zips/', import.meta.url);

export interface Fixture {
  readonly path: string;
  readonly strict: 'accept' | 'reject' | 'policy';
  readonly why: string;
}

/** The shared archives with their verdicts; none, and a loud word, where they are not at hand. */
export function readFixtures(): readonly Fixture[] {
  const manifest = new URL('MANIFEST.json', fixtures);
  if (!fs.existsSync(manifest)) return [];
  return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { files: Fixture[] }).files;
}

export function readFixture(fixture: Fixture): Buffer {
  return fs.readFileSync(new URL(fixture.path.split('/').map(encodeURIComponent).join('/'), fixtures));
}

/** A folder of its own for one test, gone when the test is over. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'unpack-test-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Unpacks and expects a coded refusal that leaves nothing behind and prints nothing of the archive raw. */
export function refused(t: ExecutionContext, zip: Buffer, code?: HandlerErrorCode): void {
  const folder = temporaryFolder(t);
  const error = t.throws(() => unpack(zip, join(folder, 'into')), { instanceOf: HandlerError });
  if (error === undefined) return;
  if (code !== undefined) t.is(error.code, code, error.message);
  t.regex(error.code, /^ZIP_/);
  t.regex(`${error.message}${error.hint}${JSON.stringify(error.details)}`, /^[\x20-\x7e]*$/);
  t.deepEqual(fs.readdirSync(folder), [], 'something is left');
}

export interface FileFacts {
  readonly content: string;
  readonly mode: number;
}

/** Every file under a folder, path to content (latin1) and mode; fails on anything but files and folders. */
export function readTree(root: string): Record<string, FileFacts> {
  const facts: [string, FileFacts][] = [];
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    if (!entry.isFile()) throw new Error(`${entry.name} is neither a file nor a folder`);
    const path = join(entry.parentPath, entry.name);
    const content = fs.readFileSync(path, 'latin1');
    facts.push([path.slice(root.length + 1), { content, mode: fs.statSync(path).mode & 0o7777 }]);
  }
  return Object.fromEntries(facts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Tree digest of an archive's files without a disk, the same that `unpack` reports. Throws as `unpack` does. */
export function treeInMemory(zip: Buffer): Digest {
  const files = readArchive(zip, defaultLimits).filter(entry => entry.kind === 'file');
  return treeOf(
    files.map(file => ({ path: file.path, mode: file.mode, sha256: sha256Hex(contentOf(zip, file)) })),
  );
}

/** The tree digest, or the code of the refusal; any other error passes. */
export function verdictOn(zip: Buffer): string {
  try {
    return treeInMemory(zip);
  } catch (error) {
    if (error instanceof HandlerError) return error.code;
    throw error;
  }
}

/** The message of the refusal; fails on an archive that is accepted. */
export function messageOf(zip: Buffer): string {
  try {
    return `accepted as ${treeInMemory(zip)}`;
  } catch (error) {
    if (error instanceof HandlerError) return `${error.code} ${error.message}`;
    throw error;
  }
}
