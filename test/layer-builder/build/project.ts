/** Makes small projects with real lockfiles in temporary folders: entries are cut from this repository's own. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { buildProject } from '../../../layer-builder/build/index.ts';

const repository = new URL('../../../', import.meta.url);

interface LockItem {
  version: string;
  dependencies?: Record<string, string>;
  [field: string]: unknown;
}

export interface ProjectParts {
  /** Packages of this repository's lockfile that the project depends on. */
  readonly dependencies?: readonly string[];
  /** Relative path → text; `app.js` is the entry by convention. */
  readonly files?: Readonly<Record<string, string>>;
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** A project folder that is removed when the test ends. */
export function makeProject(t: ExecutionContext, parts: ProjectParts = {}): string {
  const { dependencies = [], files = { 'app.js': importing(dependencies) }, manifest = {} } = parts;
  const folder = temporaryFolder(t);
  const { packages, ranges } = cutLock(dependencies);
  const own = { name: 'sample', version: '1.0.0', type: 'module', dependencies: ranges, ...manifest };
  write(folder, 'package.json', own);
  write(folder, 'package-lock.json', {
    ...{ name: 'sample', version: '1.0.0', lockfileVersion: 3, requires: true },
    packages: { '': { name: 'sample', version: '1.0.0', dependencies: ranges }, ...packages },
  });
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  return folder;
}

/**
 * Builds a project once for a whole test file; each call hands out a copy of it, removed when the test ends. npm is
 * a process of a second, a copy is a few files.
 */
export function buildOnce(
  make: (t: ExecutionContext) => string,
): (t: ExecutionContext) => Promise<{ project: string } & Awaited<ReturnType<typeof buildProject>>> {
  const original = mkdtempSync(join(tmpdir(), 'layer-builder-test-'));
  test.after.always(() => rmSync(original, { recursive: true, force: true }));
  let built: Promise<unknown> | undefined;
  return async t => {
    built ??= (async () => {
      cpSync(make(t), original, { recursive: true });
      await buildProject(original);
    })();
    await built;
    const project = temporaryFolder(t);
    cpSync(original, project, { recursive: true });
    const outcome = await buildProject(project);
    t.true(outcome.cached, 'the copy of a build is found again');
    return { project, ...outcome };
  };
}

export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'layer-builder-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The text of an app that imports the packages and hands them out. */
export function importing(names: readonly string[]): string {
  const lines = names.map((name, index) => `import * as p${index} from '${name}';`);
  return `${lines.join('\n')}\nexport const app = [${names.map((_, index) => `p${index}`).join(', ')}];\n`;
}

export function write(folder: string, path: string, content: unknown): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(target, isText ? content : JSON.stringify(content, null, 2));
}

/** Every file below a folder with its size, for "nothing was written". */
export function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(
      name =>
        `${name} ${statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name)).length : ''}`,
    )
    .sort();
}

/** The code of what a promise is rejected with. */
export async function codeOf(t: ExecutionContext, promise: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(promise, { any: true });
  return (error as { code?: string }).code ?? String(error);
}

function cutLock(names: readonly string[]) {
  const all = JSON.parse(readFileSync(new URL('package-lock.json', repository), 'utf8')).packages as Record<
    string,
    LockItem
  >;
  const packages: Record<string, LockItem> = {};
  const ranges: Record<string, string> = {};
  const take = (name: string, from: string): string => {
    let folder = from;
    while (folder !== '' && !all[`${folder}/node_modules/${name}`]) {
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
    }
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const item = all[place];
    if (!item) throw new Error(`this repository does not lock ${name}`);
    if (packages[place]) return item.version;
    const { dev: _dev, ...kept } = item;
    packages[place] = kept as LockItem;
    for (const needed of Object.keys(item.dependencies ?? {})) take(needed, place);
    return item.version;
  };
  for (const name of names) ranges[name] = take(name, '');
  return { packages, ranges };
}
