/** `/github-digest/*`: a repository as one document. */
import { type Route, route } from '../declare.ts';
import { bodyFilterFields, digestFields, filterFields, refField, repositoryFields } from './parameters.ts';

const tag = 'github-digest';
const common = { ...repositoryFields, ...refField, ...filterFields('osbot_utils'), ...digestFields };
const answers = {
  'text/markdown; charset=utf-8': 'DigestMarkdown',
  'application/xml; charset=utf-8': 'DigestXml',
  'application/json': 'Digest',
  'text/plain; charset=utf-8': 'DigestText',
} as const;
const errors = [404, 413] as const;

function digestRoute(path: string): Route {
  return route({
    method: 'GET',
    path,
    tag,
    summary: 'The text files of a repository at a ref as one document',
    upstream: true,
    query: common,
    answers,
    conditional: true,
    errors,
    run: async ({ services, signal, headers, query }) => {
      const { answerDigest, noMoreFilters } = await import('../digest/answer.ts');
      return answerDigest({ services, signal, headers, request: { ...noMoreFilters, ...query } });
    },
  });
}

export const gitHubDigestRoutes: readonly Route[] = [
  digestRoute('/github-digest/markdown'),
  digestRoute('/github-digest/repo-files-in-markdown'),
  route({
    method: 'POST',
    path: '/github-digest/markdown/filter',
    tag,
    summary: 'The same with all filters',
    upstream: true,
    // A client that names its filters is not narrowed by the example that the GET routes have as default.
    body: { ...common, ...filterFields(''), ...bodyFilterFields },
    answers,
    conditional: true,
    errors,
    run: async ({ services, signal, headers, body }) => {
      const { answerDigest } = await import('../digest/answer.ts');
      return answerDigest({ services, signal, headers, request: body });
    },
  }),
];
