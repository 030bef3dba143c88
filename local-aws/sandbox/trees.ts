/** What a function finds on its disk: its code, its layers merged, and the links that make `import` find layers. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { unpackInto } from './zip.ts';

/** A zip on disk and the SHA-256 of its bytes, which names what is unpacked from it. */
export interface ZipFile {
  readonly path: string;
  readonly sha256: string;
}

/** A folder that looks like a root: `var/task`, `opt` and `node_modules` below it. */
export interface Tree {
  readonly root: string;
  readonly task: string;
  readonly opt: string;
  /** Links to every package of the layers, relative, so that they hold wherever the root is mounted. */
  readonly links: string;
}

export interface Trees {
  /** Unpacks the code, and the layers in order, later ones over earlier ones. The same request is made once. */
  assemble(code: ZipFile, layers: readonly ZipFile[], major: string): Promise<Tree>;
  /** Removes the trees that `isUsed` gives up. */
  collect(isUsed: (key: string, tree: Tree) => boolean): Promise<void>;
}

/** What tells trees apart: equal keys give the same tree. */
export function treeKey(
  code: Pick<ZipFile, 'sha256'>,
  layers: readonly Pick<ZipFile, 'sha256'>[],
  major: string,
): string {
  return [major, code.sha256, ...layers.map(layer => layer.sha256)].join(' ');
}

/** Keeps trees below `folder`, the run's own: nothing is shared between runs, so a crash leaves nothing to distrust. */
export function openTrees(folder: string): Trees {
  const made = new Map<string, Promise<Tree>>();
  let count = 0;
  return {
    assemble(code, layers, major) {
      const key = treeKey(code, layers, major);
      let tree = made.get(key);
      if (!tree) {
        tree = make(join(folder, `tree-${++count}`), code, layers, major);
        made.set(key, tree);
        // A failure is told to the one who asked and tried again for the next.
        tree.catch(() => made.delete(key));
      }
      return tree;
    },
    async collect(isUsed) {
      for (const [key, promise] of [...made]) {
        const tree = await promise.catch(() => undefined);
        if (!tree || isUsed(key, tree)) continue;
        made.delete(key);
        await rm(tree.root, { recursive: true, force: true });
      }
    },
  };
}

async function make(root: string, code: ZipFile, layers: readonly ZipFile[], major: string): Promise<Tree> {
  const tree = {
    root,
    task: join(root, 'var/task'),
    opt: join(root, 'opt'),
    links: join(root, 'node_modules'),
  };
  for (const path of [tree.task, tree.opt, tree.links]) await mkdir(path, { recursive: true, mode: 0o755 });
  await unpackInto(await readFile(code.path), tree.task);
  for (const layer of layers) await unpackInto(await readFile(layer.path), tree.opt);
  linkPackages(tree, [`nodejs/node${major}/node_modules`, 'nodejs/node_modules']);
  return tree;
}

/**
 * Lambda's Node looks along NODE_PATH for `import` as well as for `require`; a plain Node only for `require`.
 * A folder /node_modules with a link to every package of the layers gives `import` the same view, at no cost
 * when a function starts. The first folder that has a package wins, as in NODE_PATH.
 */
function linkPackages(tree: Tree, folders: readonly string[]): void {
  for (const folder of folders) {
    for (const name of packageNames(join(tree.opt, folder))) {
      const link = join(tree.links, name);
      if (existsSync(link)) continue;
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(relative(join(link, '..'), join(tree.opt, folder, name)), link);
    }
  }
}

function packageNames(folder: string): string[] {
  const names = list(folder).filter(name => !name.startsWith('.'));
  return names.flatMap(name =>
    name.startsWith('@') ? list(join(folder, name)).map(n => `${name}/${n}`) : name,
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
