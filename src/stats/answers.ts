/** The answers of `/github-stats/*`: a snapshot's sizes, sorted, cut and drawn as the route says. */
import { type Answer, json, plain } from '../declare.ts';
import type { Services } from '../services.ts';
import type { RepositoryName } from '../upstream/github.ts';
import { computeStats, type FileStats, type FolderStats, type RepositoryStats } from './compute.ts';
import { formatTable, grouped, inUnits } from './table.ts';
import { drawFolders, nestFolders } from './tree.ts';

interface RefQuery extends RepositoryName {
  readonly ref: string;
}

interface StatsCall<Query = unknown> {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly query: RefQuery & Query;
}

type Order = 'asc' | 'desc';
type FilesQuery = { readonly order: Order; readonly limit: number };
type FoldersQuery = FilesQuery & { readonly depth: number };

export async function answerRepoStats(call: StatsCall<{ readonly folder_depth: number }>): Promise<Answer> {
  const { owner, name, ref, folder_depth } = call.query;
  const stats = await readStats(call);
  const { total_files, total_size_bytes, total_folders, files, extensions_summary, max_depth } = stats;
  const folders = stats.folders.filter(folder => folder.depth <= folder_depth);
  const totals = { total_files, total_size_bytes, total_folders };
  const rest = { files, folders, extensions_summary, max_depth, requested_depth: folder_depth };
  return json({ owner, name, ref, ...totals, ...rest });
}

export async function answerFiles(call: StatsCall<FilesQuery>): Promise<Answer> {
  return json(await filesBySize(call));
}

export async function answerFilesTable(call: StatsCall<FilesQuery>): Promise<Answer> {
  const files = await filesBySize(call);
  const total = sum(files, file => file.size_bytes);
  const table = formatTable({
    title: `Files by Size: ${titleOf(call.query)}`,
    headers: ['#', 'Path', 'Size (bytes)', 'Size (KB)', 'Extension'],
    rows: files.map(({ path, size_bytes, extension }, index) => [
      String(index + 1),
      path,
      String(size_bytes),
      inUnits(size_bytes, 1024),
      extension || '(none)',
    ]),
    footer: `Total: ${files.length} files | ${bytesOf(total)}`,
  });
  return plain(table);
}

export async function answerFolders(call: StatsCall<FoldersQuery>): Promise<Answer> {
  return json(await foldersBySize(call));
}

export async function answerFoldersTable(call: StatsCall<FoldersQuery>): Promise<Answer> {
  const folders = await foldersBySize(call);
  const bytes = sum(folders, folder => folder.size_bytes);
  const files = sum(folders, folder => folder.file_count);
  const table = formatTable({
    title: `Folders by Size (depth=${call.query.depth}): ${titleOf(call.query)}`,
    headers: ['#', 'Path', 'Size (bytes)', 'Size (KB)', 'Files', 'Direct Files', 'Subfolders'],
    rows: folders.map((folder, index) => [
      String(index + 1),
      folder.path,
      String(folder.size_bytes),
      inUnits(folder.size_bytes, 1024),
      String(folder.file_count),
      String(folder.direct_file_count),
      String(folder.subfolder_count),
    ]),
    footer: `Total: ${folders.length} folders | ${bytesOf(bytes)} | ${files} files`,
  });
  return plain(table);
}

export async function answerFoldersTree(
  call: StatsCall<{ readonly max_depth: number; readonly show_size: boolean }>,
): Promise<Answer> {
  const { max_depth: maxDepth, show_size: showSize } = call.query;
  return plain(drawFolders(await readStats(call), { title: titleOf(call.query), maxDepth, showSize }));
}

export async function answerExtensions(call: StatsCall): Promise<Answer> {
  return json((await readStats(call)).extensions_summary);
}

export async function answerExtensionsTable(
  call: StatsCall<{ readonly order: 'size' | 'count' }>,
): Promise<Answer> {
  const stats = await readStats(call);
  const key = call.query.order === 'count' ? 'count' : 'total_bytes';
  const extensions = Object.entries(stats.extensions_summary).sort(([, a], [, b]) => b[key] - a[key]);
  const totals = `${stats.total_files} files | ${bytesOf(stats.total_size_bytes)}`;
  const table = formatTable({
    title: `Extension Breakdown: ${titleOf(call.query)}`,
    headers: ['#', 'Extension', 'Count', 'Total Size (bytes)', 'Total Size (KB)', 'Avg Size (bytes)'],
    rows: extensions.map(([extension, { count, total_bytes }], index) => [
      String(index + 1),
      extension,
      String(count),
      String(total_bytes),
      inUnits(total_bytes, 1024),
      String(Math.floor(total_bytes / count)),
    ]),
    footer: `Total: ${extensions.length} extensions | ${totals}`,
  });
  return plain(table);
}

export async function answerFolderTree(call: StatsCall<{ readonly max_depth: number }>): Promise<Answer> {
  return json(nestFolders(await readStats(call), call.query.max_depth));
}

/** Links have no size of their own and are not counted. */
async function readStats({ services, signal, query }: StatsCall): Promise<RepositoryStats> {
  const repositories = await services.repositories();
  const commit = await repositories.gitHub.commitOf(query, query.ref, signal);
  const { files } = await repositories.open(query, commit, () => false, signal);
  return computeStats(files.filter(file => file.noText !== 'link'));
}

async function filesBySize(call: StatsCall<FilesQuery>): Promise<readonly FileStats[]> {
  return bySize((await readStats(call)).files, call.query);
}

async function foldersBySize(call: StatsCall<FoldersQuery>): Promise<readonly FolderStats[]> {
  const { folders } = await readStats(call);
  return bySize(
    folders.filter(folder => folder.depth === call.query.depth),
    call.query,
  );
}

/** A limit of 0 or less means all; equal sizes keep their order. */
function bySize<T extends { readonly size_bytes: number }>(
  items: readonly T[],
  { order, limit }: FilesQuery,
): readonly T[] {
  const sign = order === 'desc' ? -1 : 1;
  const sorted = items.toSorted((a, b) => sign * (a.size_bytes - b.size_bytes));
  return limit > 0 ? sorted.slice(0, limit) : sorted;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function titleOf({ owner, name, ref }: RefQuery): string {
  return `${owner}/${name} (${ref})`;
}

function bytesOf(bytes: number): string {
  return `${grouped(bytes)} bytes (${inUnits(bytes, 1024)} KB)`;
}
