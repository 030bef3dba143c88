/** Pure: what a lockfile of pnpm or Yarn says about the content of each package, and what it adds to its needs. */
import { BuilderError } from '../../errors.ts';
import type { Client } from '../lockfile-place.ts';

export interface LockedContent {
  /** Integrity of the tarball as npm writes it; Yarn 2 and newer know only that of their own archives. */
  readonly integrity?: string;
  /** How the client names the content, which is the same wherever the package stands. */
  readonly resolved: string;
  /** Nothing in the lockfile verifies it. */
  readonly unpinned: boolean;
  /**
   * Names that it depends on by the lockfile, though its own package.json may not say so: `packageExtensions` and
   * pnpm's hooks add what packages forget.
   */
  readonly needs: readonly string[];
}

/**
 * By `name@version`, of everything that comes from a registry.
 *
 * Throws `LOCKFILE_INVALID` for conflict markers and for a download without integrity, and `LOCKFILE_UNSUPPORTED`
 * for a git dependency of Yarn 2 and newer, which packs it by running its scripts.
 */
export function readIntegrity(client: Client, text: string, file: string): Map<string, LockedContent> {
  if (/^(<{7}|>{7}) /m.test(text)) {
    throw new BuilderError('LOCKFILE_INVALID', `${file} is not valid: it holds conflict markers of git`, {
      hint: `resolve the conflict and run "${installCommand(client)}"`,
    });
  }
  const found = new Map<string, LockedContent>();
  const plain = text.replaceAll('\r\n', '\n');
  const snapshots = client === 'pnpm' ? pnpmNeeds(plain) : undefined;
  for (const block of blocksOf(client, plain)) {
    const fact = factOf[client](block);
    if (fact === undefined) continue;
    if (fact.problem !== undefined) throw fact.problem(file);
    // A patched package stands beside the one that it patches; it is the one installed.
    if (found.has(fact.key) && !fact.content.resolved.includes('@patch:')) continue;
    const needs = snapshots?.get(fact.key) ?? fact.content.needs;
    found.set(fact.key, { ...fact.content, needs });
  }
  return found;
}

export function installCommand(client: Client): string {
  return client === 'yarn-classic' ? 'yarn install' : `${client} install`;
}

interface Block {
  readonly head: string;
  readonly body: string;
}

interface Fact {
  readonly key: string;
  readonly content: LockedContent;
  readonly problem?: (file: string) => BuilderError;
}

/** pnpm nests its packages one level deep, Yarn does not. */
function blocksOf(client: Client, text: string, name = 'packages'): Block[] {
  const indent = client === 'pnpm' ? '  ' : '';
  const section =
    client === 'pnpm'
      ? (new RegExp(`^${name}:\\n([\\s\\S]*?)(?=^\\S|(?![\\s\\S]))`, 'm').exec(text)?.[1] ?? '')
      : text;
  const heads = new RegExp(`^${indent}(\\S.*):(?: \\{\\})?$`, 'gm');
  const found = [...section.matchAll(heads)];
  return found.map((match, index) => ({
    head: (match[1] ?? '').replace(/^["']|["']$/g, ''),
    body: section.slice((match.index ?? 0) + match[0].length, found[index + 1]?.index),
  }));
}

/** Version 9 of pnpm's format keeps what packages depend on apart; with each set of peers a package stands once more. */
function pnpmNeeds(text: string): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  for (const { head, body } of [...blocksOf('pnpm', text, 'snapshots'), ...blocksOf('pnpm', text)]) {
    const key = head.replace(/^\//, '').replace(/\(.*$/, '');
    needs.set(key, [...(needs.get(key) ?? []), ...namesUnder(body)]);
  }
  return needs;
}

/** Names in the lists `dependencies` and `optionalDependencies` of a block. */
function namesUnder(body: string): string[] {
  const lists = /^ {4}(?:dependencies|optionalDependencies):\n((?: {6}.*\n?)+)/gm;
  return [...body.matchAll(lists)].flatMap(([, list = '']) =>
    [...list.matchAll(/^ +["']?([^"':\s]+)["']?:/gm)].map(match => match[1] ?? ''),
  );
}

const factOf: Readonly<Record<Client, (block: Block) => Fact | undefined>> = {
  npm: () => undefined,

  // e.g. `'@scope/name@1.2.3':` with `resolution: {integrity: sha512-…}`; version 6 of the format starts it with `/`
  pnpm({ head, body }) {
    const [, name = '', rest = ''] = /^\/?(@?[^@]+)@([^(]+)/.exec(head) ?? [];
    const resolution = /^ {4}resolution: \{(.*)\}$/m.exec(body)?.[1] ?? '';
    const integrity = /integrity: (sha\d+-[\w+/=]+)/.exec(resolution)?.[1];
    const version = /^ {4}version: (\S+)$/m.exec(body)?.[1] ?? rest;
    if (integrity !== undefined) return pinned(name, version, integrity);
    const isPinnedOtherwise =
      /type: git|gitHosted: true|directory:|tarball: file:|codeload\.github\.com/.test(resolution);
    return isPinnedOtherwise ? undefined : unverifiable(head);
  },

  // e.g. `"name@^1.0.0", "name@1.x":` with version, resolved and integrity
  'yarn-classic'({ head, body }) {
    const first = head.split(/"?, "?/)[0] ?? '';
    const name = /^(?:.+@npm:)?(@?[^@]+)@/.exec(first)?.[1] ?? '';
    const version = /^ {2}version "([^"]+)"$/m.exec(body)?.[1] ?? '';
    const integrity = /^ {2}integrity (\S+)$/m.exec(body)?.[1];
    const resolved = /^ {2}resolved "([^"]+)"$/m.exec(body)?.[1] ?? '';
    if (integrity !== undefined) return pinned(name, version, integrity);
    const isDownload = /^https?:/.test(resolved) && !/\.git#|codeload\.github\.com/.test(resolved);
    return isDownload ? unverifiable(first) : undefined;
  },

  // e.g. `"name@npm:^1.0.0":` with version, resolution and checksum, which is that of Yarn's own archive
  yarn({ head, body }) {
    const resolution = /^ {2}resolution: "([^"]+)"$/m.exec(body)?.[1];
    if (resolution === undefined) return undefined;
    const name = /^(@?[^@]+)@/.exec(resolution)?.[1] ?? '';
    const version = /^ {2}version: (\S+)$/m.exec(body)?.[1] ?? '';
    if (/[#&]commit=/.test(resolution) && !resolution.includes('@patch:')) return preparedByScripts(head);
    if (!/@(npm|patch):/.test(resolution)) return undefined;
    const unpinned = !/^ {2}checksum: \S+$/m.test(body);
    return {
      key: `${name}@${version}`,
      content: { resolved: resolution, unpinned, needs: [] },
    };
  },
};

function pinned(name: string, version: string, integrity: string): Fact {
  const key = `${name}@${version}`;
  return { key, content: { integrity, resolved: key, unpinned: false, needs: [] } };
}

function unverifiable(head: string): Fact {
  const problem = (file: string) =>
    new BuilderError(
      'LOCKFILE_INVALID',
      `${head} has no integrity in ${file} (expected sha512-…, found nothing)`,
      { hint: `delete ${file}, install again and commit the new lockfile` },
    );
  return { key: head, content: { resolved: head, unpinned: true, needs: [] }, problem };
}

function preparedByScripts(head: string): Fact {
  const problem = () =>
    new BuilderError(
      'LOCKFILE_UNSUPPORTED',
      `${head} comes from git, and Yarn packs what comes from git by running its scripts, which never run here`,
      { hint: 'publish it to a registry, or depend on a tarball or a folder of it' },
    );
  return { key: head, content: { resolved: head, unpinned: true, needs: [] }, problem };
}

/**
 * The same from what `yarn info --all --recursive --json` writes: Yarn 2 and newer applies `packageExtensions`, and a
 * list of its own, after it has read the lockfile.
 */
export function withYarnNeeds(
  content: ReadonlyMap<string, LockedContent>,
  output: string,
): Map<string, LockedContent> {
  const result = new Map(content);
  for (const line of output.split('\n').filter(text => text.startsWith('{'))) {
    const { value, children } = JSON.parse(line) as YarnInfo;
    const key = `${nameIn(value)}@${children.Version}`;
    const known = result.get(key);
    const needs = children.Dependencies?.map(item => nameIn(item.descriptor)) ?? [];
    if (known) result.set(key, { ...known, needs: [...known.needs, ...needs] });
  }
  return result;
}

interface YarnInfo {
  readonly value: string;
  readonly children: {
    readonly Version: string;
    readonly Dependencies?: readonly { readonly descriptor: string }[];
  };
}

/** Name of a locator or descriptor such as `@scope/name@npm:^1.0.0`. */
function nameIn(text: string): string {
  return /^@?[^@]+/.exec(text)?.[0] ?? text;
}
