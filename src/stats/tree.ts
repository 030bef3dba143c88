/** Folders as a tree: nested for programs, drawn for people. Pure. */
import { printable } from '../repository/text.ts';
import type { FolderStats, RepositoryStats } from './compute.ts';
import { grouped, inUnits } from './table.ts';

export interface TreeNode {
  readonly name: string;
  readonly path: string;
  readonly children: Readonly<Record<string, TreeNode>>;
  readonly size_bytes: number;
  readonly file_count: number;
  readonly direct_file_count: number;
  readonly subfolder_count: number;
}

export interface FolderTree {
  readonly name: '/';
  readonly size_bytes: number;
  readonly file_count: number;
  readonly children: Readonly<Record<string, TreeNode>>;
}

/** The folders down to `maxDepth`, each inside its parent. */
export function nestFolders(stats: RepositoryStats, maxDepth: number): FolderTree {
  const below = childrenByParent(stats.folders, maxDepth);
  const nest = (parent: string): Record<string, TreeNode> =>
    // Entries, because a folder may well be called `__proto__`.
    Object.fromEntries((below.get(parent) ?? []).map(folder => [nameOf(folder), node(folder)]));
  const node = (folder: FolderStats): TreeNode => ({
    name: nameOf(folder),
    path: folder.path,
    children: nest(folder.path),
    size_bytes: folder.size_bytes,
    file_count: folder.file_count,
    direct_file_count: folder.direct_file_count,
    subfolder_count: folder.subfolder_count,
  });
  return { name: '/', size_bytes: stats.total_size_bytes, file_count: stats.total_files, children: nest('') };
}

export interface DrawOptions {
  readonly title: string;
  readonly maxDepth: number;
  readonly showSize: boolean;
}

export function drawFolders(stats: RepositoryStats, { title, maxDepth, showSize }: DrawOptions): string {
  const below = childrenByParent(stats.folders, maxDepth);
  const size = `${grouped(stats.total_size_bytes)} bytes (${inUnits(stats.total_size_bytes, 1024)} KB)`;
  const lines = [`📁 ${title}`, `   Total: ${size} | ${stats.total_files} files`, ''];
  const draw = (parent: string, prefix: string) => {
    const children = below.get(parent) ?? [];
    for (const [index, folder] of children.entries()) {
      const isLast = index === children.length - 1;
      const facts = showSize ? ` (${humanSize(folder.size_bytes)}, ${folder.file_count} files)` : '';
      lines.push(`${prefix}${isLast ? '└── ' : '├── '}📁 ${printable(nameOf(folder))}${facts}`);
      draw(folder.path, prefix + (isLast ? '    ' : '│   '));
    }
  };
  draw('', '');
  return lines.join('\n');
}

/** `264 B`, `2.9 KB`, `1.2 MB`. */
export function humanSize(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${inUnits(bytes, 1024 * 1024)} MB`;
  return bytes >= 1024 ? `${inUnits(bytes, 1024)} KB` : `${bytes} B`;
}

/** Folders are sorted by path already, and stay so within each parent. */
function childrenByParent(folders: readonly FolderStats[], maxDepth: number): Map<string, FolderStats[]> {
  const below = new Map<string, FolderStats[]>();
  for (const folder of folders) {
    if (folder.depth > maxDepth) continue;
    const parent = folder.path.slice(0, Math.max(0, folder.path.lastIndexOf('/')));
    const siblings = below.get(parent);
    if (siblings) siblings.push(folder);
    else below.set(parent, [folder]);
  }
  return below;
}

function nameOf(folder: FolderStats): string {
  return folder.path.slice(folder.path.lastIndexOf('/') + 1);
}
