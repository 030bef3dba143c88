/** Files as a drawn tree with sizes and tokens. Pure. */
import { printable } from '../../repository/text.ts';
import { grouped } from '../../stats/table.ts';
import { humanSize } from '../../stats/tree.ts';
import type { DigestFile } from '../digest.ts';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: DigestFile[];
}

/** Folders first, both sorted by name, as they come. */
export function drawFiles(root: string, files: readonly DigestFile[]): string {
  const tree = nest(files);
  const lines = [root];
  const draw = (folder: Folder, prefix: string) => {
    const children = [...folder.folders, ...folder.files.map(file => [nameOf(file.path), file] as const)];
    for (const [index, [name, child]] of children.entries()) {
      const isLast = index === children.length - 1;
      const branch = prefix + (isLast ? '└── ' : '├── ');
      if ('path' in child) {
        const facts = `${humanSize(child.size)}, ${grouped(child.tokens)} tokens`;
        lines.push(`${branch}${printable(name)} (${facts})`);
      } else {
        lines.push(`${branch}${printable(name)}/`);
        draw(child, prefix + (isLast ? '    ' : '│   '));
      }
    }
  };
  draw(tree, '');
  return lines.join('\n');
}

function nest(files: readonly DigestFile[]): Folder {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
    let folder = root;
    for (const name of file.path.split('/').slice(0, -1)) {
      const next = folder.folders.get(name) ?? { folders: new Map(), files: [] };
      folder.folders.set(name, next);
      folder = next;
    }
    folder.files.push(file);
  }
  return root;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
