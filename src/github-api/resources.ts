/** Resources of GitHub's API, passed on with their headers and how long they took. */
import { type Answer, json } from '../declare.ts';
import type { Services } from '../services.ts';
import { pathOf, type RepositoryName } from '../upstream/github.ts';

interface ResourceCall {
  readonly services: Services;
  readonly signal: AbortSignal;
}

interface PageQuery extends RepositoryName {
  readonly page: number;
  readonly per_page: number;
}

export function answerRoot(call: ResourceCall): Promise<Answer> {
  return answer(call, '/');
}

export function answerRateLimit(call: ResourceCall): Promise<Answer> {
  return answer(call, '/rate_limit');
}

export function answerRepository(call: ResourceCall & { readonly query: RepositoryName }): Promise<Answer> {
  return answer(call, pathOf(call.query));
}

/** GitHub's own defaults are left to GitHub, so that the address is the one everybody else asks for. */
export function answerPage(
  call: ResourceCall & { readonly query: PageQuery },
  kind: 'commits' | 'issues',
): Promise<Answer> {
  const { page, per_page } = call.query;
  const isDefault = page === 1 && per_page === 30;
  return answer(
    call,
    `${pathOf(call.query)}/${kind}${isDefault ? '' : `?page=${page}&per_page=${per_page}`}`,
  );
}

async function answer({ services, signal }: ResourceCall, path: string): Promise<Answer> {
  const { gitHub } = await services.repositories();
  return json(await gitHub.read(path, signal));
}
