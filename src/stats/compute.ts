/** Sizes of a repository by file, folder and extension, in the original's shapes. Pure. */

export interface SizedFile {
  readonly path: string;
  readonly size: number;
}

export interface FileStats {
  readonly path: string;
  readonly name: string;
  /** With its dot, or empty: a dotfile has none, `a.tar.gz` has `.gz`. */
  readonly extension: string;
  readonly size_bytes: number;
  readonly folder: string;
}

export interface FolderStats {
  readonly path: string;
  /** 0: a folder of the root. */
  readonly depth: number;
  /** With everything below it, as are `file_count` and `extensions`. */
  readonly size_bytes: number;
  readonly file_count: number;
  readonly direct_file_count: number;
  readonly subfolder_count: number;
  readonly extensions: readonly string[];
}

export interface ExtensionStats {
  readonly count: number;
  readonly total_bytes: number;
}

export interface RepositoryStats {
  readonly total_files: number;
  readonly total_size_bytes: number;
  readonly total_folders: number;
  readonly files: readonly FileStats[];
  /** By depth, then by path. */
  readonly folders: readonly FolderStats[];
  readonly extensions_summary: Readonly<Record<string, ExtensionStats>>;
  /** The most folders that any file is below. */
  readonly max_depth: number;
}

type Draft = { -readonly [K in keyof Omit<FolderStats, 'extensions'>]: FolderStats[K] } & {
  extensions: Set<string>;
};

/** Everything there is to know; callers leave out what they do not show. */
export function computeStats(given: readonly SizedFile[]): RepositoryStats {
  const files = given.map(fileStats);
  const folders = new Map<string, Draft>();
  const extensions = new Map<string, { count: number; total_bytes: number }>();
  let max_depth = 0;
  for (const file of files) {
    const entry = extensions.get(file.extension || '(none)') ?? { count: 0, total_bytes: 0 };
    entry.count += 1;
    entry.total_bytes += file.size_bytes;
    extensions.set(file.extension || '(none)', entry);
    max_depth = Math.max(max_depth, file.path.split('/').length - 1);
    addToFolders(folders, file);
  }
  for (const { path } of folders.values()) {
    const parent = folders.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (parent) parent.subfolder_count += 1;
  }
  return {
    total_files: files.length,
    total_size_bytes: files.reduce((sum, file) => sum + file.size_bytes, 0),
    total_folders: folders.size,
    files,
    folders: [...folders.values()]
      .map(folder => ({ ...folder, extensions: [...folder.extensions].sort() }))
      .sort((a, b) => a.depth - b.depth || (a.path < b.path ? -1 : 1)),
    extensions_summary: Object.fromEntries(extensions),
    max_depth,
  };
}

function fileStats({ path, size }: SizedFile): FileStats {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  return { path, name, extension, size_bytes: size, folder: path.slice(0, Math.max(0, slash)) };
}

function addToFolders(folders: Map<string, Draft>, file: FileStats): void {
  for (let path = file.folder; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    let folder = folders.get(path);
    if (folder === undefined) {
      const depth = path.split('/').length - 1;
      const counts = { size_bytes: 0, file_count: 0, direct_file_count: 0, subfolder_count: 0 };
      folder = { path, depth, ...counts, extensions: new Set() };
      folders.set(path, folder);
    }
    folder.size_bytes += file.size_bytes;
    folder.file_count += 1;
    if (path === file.folder) folder.direct_file_count += 1;
    folder.extensions.add(file.extension);
  }
}
