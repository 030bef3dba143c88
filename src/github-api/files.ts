/** The files of a repository at a ref: their paths, and the texts of those that pass the filters. */
import { type Answer, json } from '../declare.ts';
import { matchesAll, type PathFilters } from '../digest/filter.ts';
import { bodyOf } from '../pieces.ts';
import type { RepositoryFile } from '../repository/snapshot.ts';
import type { Services } from '../services.ts';
import type { RepositoryName } from '../upstream/github.ts';

interface FilesCall<Query> {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly query: RepositoryName & { readonly ref: string } & Query;
}

export async function answerNames({ services, signal, query }: FilesCall<unknown>): Promise<Answer> {
  const repositories = await services.repositories();
  const commit = await repositories.gitHub.commitOf(query, query.ref, signal);
  const { files } = await repositories.open(query, commit, () => false, signal);
  return json(files.map(file => file.path).sort());
}

/** Files without text (binary, not UTF-8, too large, links) are left out, as the original does. */
export async function answerTexts({ services, signal, query }: FilesCall<PathFilters>): Promise<Answer> {
  const repositories = await services.repositories();
  const commit = await repositories.gitHub.commitOf(query, query.ref, signal);
  const wanted = (path: string) => matchesAll(path, query);
  const { files } = await repositories.open(query, commit, wanted, signal);
  return { type: 'application/json', body: bodyOf(textsByPath(files.filter(({ path }) => wanted(path)))) };
}

/** The JSON object, a file at a time. */
function* textsByPath(files: readonly RepositoryFile[]): Generator<string> {
  const hands = {};
  let comma = '{';
  for (const { path, text } of files) {
    if (text === undefined) continue;
    yield `${comma}${JSON.stringify(path)}:${JSON.stringify(text(hands).toString())}`;
    comma = ',';
  }
  yield comma === '{' ? '{}' : '}';
}
