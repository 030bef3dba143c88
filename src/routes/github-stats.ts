/** `/github-stats/*`: where the bytes of a repository are. */
import { type Route, route } from '../declare.ts';
import { refField, repositoryFields } from './parameters.ts';

const tag = 'github-stats';
const errors = [404, 413] as const;
const repository = { ...repositoryFields, ...refField };
const order = {
  type: 'string',
  default: 'desc',
  enum: ['asc', 'desc'],
  description: 'Largest or smallest first',
} as const;
const filesQuery = {
  ...repository,
  order,
  limit: { type: 'integer', default: 50, description: 'Most files; 0 or less: all' },
} as const;
const foldersQuery = {
  ...repository,
  depth: { type: 'integer', default: 1, minimum: 0, description: '0: folders of the root' },
  order,
  limit: { type: 'integer', default: 20, description: 'Most folders; 0 or less: all' },
} as const;
const maxDepth = {
  type: 'integer',
  default: 3,
  minimum: 0,
  maximum: 100,
  description: 'Deepest folders shown; 0: folders of the root',
} as const;

export const gitHubStatsRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/github-stats/repo-stats',
    tag,
    summary: 'Files, folders and extensions with their sizes',
    upstream: true,
    query: {
      ...repository,
      folder_depth: {
        type: 'integer',
        default: 2,
        minimum: 0,
        maximum: 100,
        description: 'Deepest folders shown; 0: folders of the root',
      },
    },
    answers: { 'application/json': 'RepoStats' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerRepoStats(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/files-by-size',
    tag,
    summary: 'Files by size',
    upstream: true,
    query: filesQuery,
    answers: { 'application/json': 'Files' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFiles(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/files-by-size/view/table',
    tag,
    summary: 'Files by size, as a table',
    upstream: true,
    query: filesQuery,
    answers: { 'text/plain; charset=utf-8': 'FilesTable' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFilesTable(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/folders-by-size',
    tag,
    summary: 'Folders of one depth by size',
    upstream: true,
    query: foldersQuery,
    answers: { 'application/json': 'Folders' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFolders(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/folders-by-size/view/table',
    tag,
    summary: 'Folders of one depth by size, as a table',
    upstream: true,
    query: foldersQuery,
    answers: { 'text/plain; charset=utf-8': 'FoldersTable' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFoldersTable(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/folders-by-size/view/tree',
    tag,
    summary: 'Folders as a drawn tree',
    upstream: true,
    query: {
      ...repository,
      max_depth: maxDepth,
      show_size: { type: 'boolean', default: true, description: 'Sizes and numbers of files' },
    },
    answers: { 'text/plain; charset=utf-8': 'FoldersTree' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFoldersTree(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/extension-breakdown',
    tag,
    summary: 'Number and bytes of files by extension',
    upstream: true,
    query: repository,
    answers: { 'application/json': 'Extensions' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerExtensions(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/extension-breakdown/view/table',
    tag,
    summary: 'Number and bytes of files by extension, as a table',
    upstream: true,
    query: {
      ...repository,
      order: { type: 'string', default: 'size', enum: ['size', 'count'], description: 'Most of these first' },
    },
    answers: { 'text/plain; charset=utf-8': 'ExtensionsTable' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerExtensionsTable(call),
  }),
  route({
    method: 'GET',
    path: '/github-stats/folder-tree',
    tag,
    summary: 'Folders, each inside its parent',
    upstream: true,
    query: { ...repository, max_depth: maxDepth },
    answers: { 'application/json': 'FolderTree' },
    errors,
    run: async call => (await import('../stats/answers.ts')).answerFolderTree(call),
  }),
];
