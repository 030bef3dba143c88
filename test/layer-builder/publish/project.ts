/** A small project with a finished build: package.json, lock and real zips, without an installation. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { Digest, TreeFile } from '../../../artifact/digest.ts';
import { digestOf, hexOf, sha256Hex, treeOf } from '../../../artifact/digest.ts';
import { markerPath, objectKey } from '../../../artifact/layout.ts';
import type { Architecture, Lock, LockArtifact, LockPackage, Runtime } from '../../../artifact/lock.ts';
import { formatLock, lockFileName, parseLock } from '../../../artifact/lock.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';

export interface ArtifactRecipe {
  readonly name?: string;
  readonly packages?: readonly LockPackage[];
  /** Makes the bytes differ. */
  readonly content?: string;
  /** Overrides the true figure, to reach limits without megabytes. */
  readonly unpackedSize?: number;
}

export interface ProjectRecipe {
  readonly service?: string;
  readonly architecture?: Architecture;
  readonly runtime?: Runtime;
  readonly artifacts?: readonly ArtifactRecipe[];
  readonly config?: Readonly<Record<string, unknown>>;
  /** Text of `app.js`: the project has code then, and its releases hold it. It may import the packages. */
  readonly app?: string;
}

const made: string[] = [];
test.after.always(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Makes the project in a folder of its own, which goes when the test file ends, and answers the folder. */
export async function makeProject(recipe: ProjectRecipe = {}, folder?: string): Promise<string> {
  const project = folder ?? temporaryFolder();
  const { service = 'svc', architecture = 'x86_64', runtime = 'nodejs24.x', config = {} } = recipe;
  const dependencies = recipe.app === undefined ? {} : { dep: '1.0.0' };
  const manifest = { name: service, version: '1.0.0', type: 'module', dependencies, 'layer-builder': config };
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest));
  if (recipe.app !== undefined) writeApp(project, recipe.app);
  const artifacts: LockArtifact[] = [];
  for (const artifact of recipe.artifacts ?? [{}]) {
    const prefix = String(config['prefix'] ?? '');
    artifacts.push(await buildArtifact(project, artifact, { runtime, architecture, prefix }));
  }
  const lock: Lock = { formatVersion: 1, service, runtime, architecture, artifacts };
  writeFileSync(path.join(project, lockFileName), formatLock(lock));
  return project;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layer-builder-publish-'));
  made.push(folder);
  return folder;
}

/** The lockfile knows the one package that artifacts hold unless they are told otherwise. */
function writeApp(project: string, app: string) {
  writeFileSync(path.join(project, 'app.js'), app);
  const dep = { version: '1.0.0', resolved: 'dep-1.0.0.tgz', integrity: 'sha512-AAAA' };
  const packages = { '': { dependencies: { dep: '1.0.0' } }, 'node_modules/dep': dep };
  writeFileSync(path.join(project, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
}

export function lockOf(project: string): Lock {
  return parseLock(readFileSync(path.join(project, lockFileName), 'utf8'));
}

async function buildArtifact(
  project: string,
  recipe: ArtifactRecipe,
  { runtime, architecture, prefix }: { runtime: Runtime; architecture: Architecture; prefix: string },
): Promise<LockArtifact> {
  const { name = 'core', content = 'one' } = recipe;
  const packages = recipe.packages ?? [{ name: 'dep', version: '1.0.0', license: 'MIT' }];
  const files = new Map<string, string>();
  for (const dependency of packages) {
    const at = `nodejs/node_modules/${dependency.name}`;
    files.set(`${at}/package.json`, JSON.stringify({ ...dependency, type: 'module', exports: './index.js' }));
    files.set(`${at}/index.js`, `export const content = ${JSON.stringify(content)};\n`);
  }
  const tree = treeOf(
    [...files].map(([at, text]): TreeFile => ({ path: at, mode: 0o644, sha256: sha256Hex(text) })),
  );
  files.set(markerPath(name), JSON.stringify({ formatVersion: 1, name, tree, runtime, architecture }));
  const folder = path.join(project, '.layer-builder', 'artifacts');
  mkdirSync(folder, { recursive: true });
  const bytes = await writeZip([...files].map(([at, text]) => fileOf(at, text)));
  const digest: Digest = digestOf(bytes);
  writeFileSync(path.join(folder, `${name}-${hexOf(digest)}.zip`), bytes);
  return {
    name,
    load: 'eager',
    digest,
    tree,
    size: bytes.length,
    unpackedSize: recipe.unpackedSize ?? [...files.values()].reduce((sum, text) => sum + text.length, 0),
    files: files.size,
    packages,
    s3: { key: objectKey(digest, prefix) },
    published: {},
  };
}
