/** Walks an installed package and takes the files that go into the artifact; anything odd is refused by name. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { sha256Hex } from '../../artifact/digest.ts';
import { modulesPath } from '../../artifact/layout.ts';
import { BuilderError } from '../errors.ts';
import type { ArtifactFile } from './file.ts';
import type { NativeTarget } from './native/check.ts';
import { checkNative, isForeignBinary } from './native/check.ts';
import { isPrunable } from './prune.ts';
import { secretReason } from './secrets.ts';

export interface PackageFiles {
  readonly files: readonly ArtifactFile[];
  readonly pruned: { readonly files: number; readonly bytes: number };
}

/**
 * Files of one package in the folder `root`, without those of packages nested below it; `location` is its place in
 * the install, from which follows its place in the zip.
 *
 * Throws `BUILD_UNSAFE_FILE` with path and reason for links that leave the package, dangle or loop, for
 * sockets, pipes and devices, for setuid and unreadable files, and for names that are not UTF-8;
 * `BUILD_SECRET` for files that commonly hold credentials, `NATIVE_MISMATCH` for code of another machine.
 */
export function readPackageFiles(
  root: string,
  location: string,
  packageName: string,
  target: NativeTarget,
): PackageFiles {
  const found = [...walk(root, '', realpathSync(root), 0)];
  const sources = found.map(path => ({ path, source: join(root, path) }));
  const mentions = mentionsOf(sources);
  const files: ArtifactFile[] = [];
  const pruned = { files: 0, bytes: 0 };
  for (const { path, source } of sources) {
    if (isPrunable(packageName, path, mentions) || isForeignBinary(path, target)) {
      pruned.files += 1;
      pruned.bytes += statSync(source).size;
      continue;
    }
    const bytes = readRegular(source, `${location}/${path}`);
    const hint = `remove it from ${packageName}, or leave the package out with the configuration key "exclude"`;
    refuseSecret(`${location}/${path}`, bytes.content, packageName, hint);
    const native = checkNative(packageName, path, bytes.content, target);
    const zipPath = `${modulesPath}/${location.slice('node_modules/'.length)}/${path}`;
    files.push({
      path: zipPath,
      mode: bytes.executable ? 0o755 : 0o644,
      size: bytes.content.length,
      sha256: sha256Hex(bytes.content),
      content: source,
      ...(native === undefined ? {} : { native }),
    });
  }
  return { files, pruned };
}

/** Throws `BUILD_SECRET` for a file that commonly holds credentials; `owner` brought it. */
export function refuseSecret(path: string, content: Buffer, owner: string, hint: string): void {
  const reason = secretReason(path, () => content);
  if (reason === undefined) return;
  throw new BuilderError('BUILD_SECRET', `${path} must not be packed: ${reason}`, {
    hint,
    details: { path, package: owner },
  });
}

/** Refuses what a case-insensitive or normalising file system would merge. Throws `BUILD_UNSAFE_FILE`. */
export function refuseCollisions(files: readonly ArtifactFile[]): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const folded = path.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined) throw unsafe(path, `its name collides with ${JSON.stringify(other)}`);
    seen.set(folded, path);
  }
}

/** Relative paths of all files, sorted by name in each folder; links are followed inside the package only. */
export function* walk(root: string, below: string, real: string, depth: number): Generator<string> {
  if (depth > 60) throw unsafe(below, 'it lies more than 60 folders deep');
  const entries = readdirSync(join(root, below), { withFileTypes: true, encoding: 'buffer' });
  for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
    const name = nameOf(entry.name, below);
    const path = below === '' ? name : `${below}/${name}`;
    if (entry.isSymbolicLink()) yield* followLink(root, path, real, depth);
    else if (entry.isDirectory()) {
      if (name !== 'node_modules') yield* walk(root, path, real, depth + 1);
    } else if (entry.isFile()) yield path;
    else throw unsafe(path, `it is ${kindOf(join(root, path))}, not a file`);
  }
}

function* followLink(root: string, path: string, real: string, depth: number): Generator<string> {
  let target: string;
  try {
    target = realpathSync(join(root, path));
  } catch (cause) {
    const loop = (cause as NodeJS.ErrnoException).code === 'ELOOP';
    throw unsafe(path, loop ? 'it is a link in a loop' : 'it is a link to nothing');
  }
  if (target !== real && !target.startsWith(real + sep))
    throw unsafe(path, 'it is a link out of its package');
  if (`${realpathSync(dirname(join(root, path)))}${sep}`.startsWith(target + sep)) {
    throw unsafe(path, 'it is a link in a loop');
  }
  if (statSync(target).isFile()) yield path;
  else yield* walk(root, path, real, depth + 1);
}

function nameOf(bytes: Buffer, below: string): string {
  const name = bytes.toString('utf8');
  if (!Buffer.from(name).equals(bytes)) throw unsafe(`${below}/${name}`, 'its name is not UTF-8');
  if (hasControl(name) || /[\\:]/.test(name)) {
    throw unsafe(`${below}/${name}`, 'its name holds a control character, a backslash or a colon');
  }
  if (name !== name.normalize('NFC')) throw unsafe(`${below}/${name}`, 'its name is not in Unicode form NFC');
  return name;
}

function hasControl(name: string): boolean {
  return [...name].some(character => character < ' ' || character === '\u007f');
}

export function readRegular(path: string, shown: string): { content: Buffer; executable: boolean } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY);
    const { mode } = fstatSync(descriptor);
    if ((mode & 0o7000) !== 0)
      throw unsafe(shown, `it has mode ${(mode & 0o7777).toString(8)} (setuid, setgid or sticky)`);
    if ((mode & 0o400) === 0) throw unsafe(shown, `it is not readable (mode ${(mode & 0o777).toString(8)})`);
    return { content: readFileSync(descriptor), executable: (mode & 0o100) !== 0 };
  } catch (cause) {
    if (cause instanceof BuilderError) throw cause;
    throw unsafe(shown, `it cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whether package.json or the code outside a top folder names that folder. Read once, on first question. */
function mentionsOf(sources: readonly { path: string; source: string }[]): (folder: string) => boolean {
  const answers = new Map<string, boolean>();
  return folder => {
    const known = answers.get(folder);
    if (known !== undefined) return known;
    const escaped = folder.replace(/[^\w]/g, '\\$&');
    const inCode = new RegExp(`["'\`](?:\\.{1,2}/)+${escaped}(?:/|["'\`])`);
    const inManifest = new RegExp(`"(?:\\./)?${escaped}(?:/|")`);
    const answer = sources.some(({ path, source }) => {
      if (path === 'package.json') return inManifest.test(withoutLists(readFileSync(source, 'utf8')));
      if (path.startsWith(`${folder}/`) || !/\.([cm]?js|json)$/.test(path)) return false;
      return inCode.test(readFileSync(source, 'utf8'));
    });
    answers.set(folder, answer);
    return answer;
  };
}

/** package.json without the lists that only publishing reads: `files` names test folders without needing them. */
function withoutLists(text: string): string {
  try {
    const {
      files: _files,
      directories: _directories,
      scripts: _scripts,
      keywords: _keywords,
      ...rest
    } = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(rest);
  } catch {
    return text;
  }
}

function kindOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function unsafe(path: string, reason: string): BuilderError {
  const shown = JSON.stringify(path);
  return new BuilderError('BUILD_UNSAFE_FILE', `${shown} cannot be packed: ${reason}`, {
    hint: 'remove or repair the file in the package that brings it',
    details: { path: shown, reason },
  });
}
