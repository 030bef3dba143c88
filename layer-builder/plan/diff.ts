/** Two contents compared: packages, licences, natives, files, bytes, and one line that says why. Pure. */
import type { Digest } from '../../artifact/digest.ts';
import { compareBytes } from '../../artifact/digest.ts';
import type { LockPackage } from '../../artifact/lock.ts';

export interface ContentFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** One artifact as it was built, released or found in a bucket or layer, or the function package. */
export interface Content {
  readonly name: string;
  /** @default artifact */
  readonly kind?: 'artifact' | 'code';
  readonly digest: Digest;
  /** Bytes of the zip. */
  readonly size: number;
  readonly runtime: string;
  readonly architecture: string;
  readonly packages: readonly LockPackage[];
  readonly files: readonly ContentFile[];
  /** Milliseconds of each import as a build measured them; null: nobody has told. */
  readonly imports: Readonly<Record<string, number>> | null;
}

/** Milliseconds; null: not known, or not there. */
export interface ImportChange {
  readonly before: number | null;
  readonly after: number | null;
}

export interface PackageChange {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly licenseBefore: string | null;
  readonly licenseAfter: string | null;
  /** Of what is imported of the package. */
  readonly importMs: ImportChange;
}

export interface FileChange {
  readonly path: string;
  /** Bytes; null: not there. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface ArtifactDiff {
  readonly name: string;
  readonly same: boolean;
  /** Why the digest changed, in one line. */
  readonly why: string;
  readonly digest: { readonly before: Digest | null; readonly after: Digest | null };
  readonly size: { readonly before: number; readonly after: number };
  readonly unpackedSize: { readonly before: number; readonly after: number };
  /** All imports together, and each. */
  readonly importMs: ImportChange;
  readonly imports: Readonly<Record<string, ImportChange>>;
  readonly packages: readonly PackageChange[];
  readonly files: readonly FileChange[];
  /** Changed files that hold machine code. */
  readonly natives: readonly FileChange[];
}

/** One entry for each artifact name of either side, in the order of their first appearance. */
export function diffContents(before: readonly Content[], after: readonly Content[]): ArtifactDiff[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].map(name =>
    diffContent(
      name,
      before.find(content => content.name === name),
      after.find(content => content.name === name),
    ),
  );
}

function diffContent(name: string, before: Content | undefined, after: Content | undefined): ArtifactDiff {
  const imports = importChanges(before?.imports, after?.imports);
  const packages = packageChanges(before?.packages ?? [], after?.packages ?? [], imports);
  const files = fileChanges(before?.files ?? [], after?.files ?? []);
  return {
    name,
    same: before?.digest === after?.digest,
    why: why(before, after, packages, files),
    digest: { before: before?.digest ?? null, after: after?.digest ?? null },
    size: { before: before?.size ?? 0, after: after?.size ?? 0 },
    unpackedSize: { before: total(before), after: total(after) },
    importMs: { before: sumOf(before?.imports), after: sumOf(after?.imports) },
    imports,
    packages,
    files,
    natives: files.filter(({ path }) => /\.(?:node|so(?:\.\d+)*|dylib|dll|wasm)$/.test(path)),
  };
}

function why(
  before: Content | undefined,
  after: Content | undefined,
  packages: readonly PackageChange[],
  files: readonly FileChange[],
): string {
  if (before === undefined) return 'the artifact is new';
  if (after === undefined) return 'the artifact is gone';
  if (before.digest === after.digest) return 'identical';
  if (before.runtime !== after.runtime) return `built for ${after.runtime} instead of ${before.runtime}`;
  if (before.architecture !== after.architecture) {
    return `built for ${after.architecture} instead of ${before.architecture}`;
  }
  const [first] = packages;
  if (first !== undefined) return `${describeChange(first)}${more(packages.length - 1, 'package')}`;
  const [file] = files;
  if (file !== undefined && after.kind === 'code') {
    return `other code: ${file.path}${more(files.length - 1, 'file')}`;
  }
  if (file !== undefined) return `same packages, other files: ${file.path}${more(files.length - 1, 'file')}`;
  return 'same files, packed in another way: another version of layer-builder or of zlib';
}

/** `koa 3.2.0 → 3.3.0`, `added koa 3.3.0`, `removed koa 3.2.0`. */
export function describeChange({ name, before, after }: PackageChange): string {
  if (before === null) return `added ${name} ${after}`;
  if (after === null) return `removed ${name} ${before}`;
  return before === after
    ? `${name} ${after} has another licence or integrity`
    : `${name} ${before} → ${after}`;
}

function more(count: number, noun: string): string {
  if (count <= 0) return '';
  return ` and ${count} more ${noun}${count === 1 ? '' : 's'}`;
}

/** A package may be there in several versions: what both sides have is left out, the rest is paired in order. */
function packageChanges(
  before: readonly LockPackage[],
  after: readonly LockPackage[],
  imports: Readonly<Record<string, ImportChange>>,
): PackageChange[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort(compareBytes);
  return names.flatMap(name => {
    const key = ({ version, integrity, license }: LockPackage) => `${version} ${integrity} ${license}`;
    const [old, now] = [before, after].map(side => side.filter(item => item.name === name)) as [
      LockPackage[],
      LockPackage[],
    ];
    const gone = old.filter(item => !now.some(other => key(other) === key(item)));
    const come = now.filter(item => !old.some(other => key(other) === key(item)));
    return Array.from(
      { length: Math.max(gone.length, come.length) },
      (_, index): PackageChange => ({
        name,
        before: gone[index]?.version ?? null,
        after: come[index]?.version ?? null,
        licenseBefore: gone[index]?.license ?? null,
        licenseAfter: come[index]?.license ?? null,
        importMs: index === 0 ? importsOf(name, imports) : { before: null, after: null },
      }),
    );
  });
}

type Times = Readonly<Record<string, number>> | null | undefined;

function importChanges(before: Times, after: Times): Record<string, ImportChange> {
  const specifiers = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return Object.fromEntries(
    [...specifiers].map(specifier => [
      specifier,
      { before: before?.[specifier] ?? null, after: after?.[specifier] ?? null },
    ]),
  );
}

/** `koa` and everything below it, `koa/lib/context` too. */
function importsOf(name: string, imports: Readonly<Record<string, ImportChange>>): ImportChange {
  const own = Object.entries(imports).filter(([key]) => key === name || key.startsWith(`${name}/`));
  const side = (pick: 'before' | 'after') =>
    sumOf(
      Object.fromEntries(
        own.flatMap(([key, change]) => (change[pick] === null ? [] : [[key, change[pick]]])),
      ),
    );
  return { before: side('before'), after: side('after') };
}

/** In tenths; null when there is nothing to add up. */
function sumOf(times: Times): number | null {
  const all = Object.values(times ?? {});
  if (all.length === 0) return null;
  return Math.round(all.reduce((sum, ms) => sum + ms, 0) * 10) / 10;
}

function fileChanges(before: readonly ContentFile[], after: readonly ContentFile[]): FileChange[] {
  const old = new Map(before.map(file => [file.path, file]));
  const now = new Map(after.map(file => [file.path, file]));
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(compareBytes);
  return paths
    .filter(path => old.get(path)?.sha256 !== now.get(path)?.sha256)
    .map(path => ({ path, before: old.get(path)?.size ?? null, after: now.get(path)?.size ?? null }));
}

function total(content: Content | undefined): number {
  return content?.files.reduce((sum, { size }) => sum + size, 0) ?? 0;
}
