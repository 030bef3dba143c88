/** Pages for people, and the document behind them. Their code and assets are loaded with the first page. */
import { type Route, route } from '../declare.ts';

const tag = 'pages';
const html = { 'text/html; charset=utf-8': 'Page' } as const;

const page = { method: 'GET', tag, public: true } as const;
/** Left out of the OpenAPI document: what the pages ask for, and nobody else. */
const asset = { ...page, hidden: true } as const;

export const pageRoutes: readonly Route[] = [
  route({
    ...page,
    path: '/',
    summary: 'To the documentation',
    status: 307,
    answers: {},
    run: () => ({ status: 307, type: 'text/plain; charset=utf-8', body: '', headers: { Location: '/docs' } }),
  }),
  route({
    ...page,
    path: '/docs',
    summary: 'Every route, to read and to try',
    answers: html,
    run: async () => (await import('../pages/answers.ts')).answerDocs('try'),
  }),
  route({
    ...page,
    path: '/redoc',
    summary: 'Every route, to read',
    answers: html,
    run: async () => (await import('../pages/answers.ts')).answerDocs('read'),
  }),
  route({
    ...page,
    path: '/digest',
    summary: 'Choose from a repository and copy its digest',
    answers: html,
    run: async () => (await import('../pages/answers.ts')).answerDigestPage(),
  }),
  route({
    ...page,
    path: '/openapi.json',
    summary: 'This API as an OpenAPI document',
    answers: { 'application/json': 'OpenApi' },
    run: async ({ services }) => {
      const { answerOpenApi } = await import('../pages/answers.ts');
      return answerOpenApi(services.routes, services.settings.keyName);
    },
  }),
  route({
    ...asset,
    path: '/docs/assets/style.css',
    summary: 'Style of all pages',
    answers: { 'text/css; charset=utf-8': 'Page' },
    run: async () => (await import('../pages/answers.ts')).answerAsset('style'),
  }),
  scriptRoute('page', 'Script that the pages share'),
  scriptRoute('docs', 'Script of /docs and /redoc'),
  scriptRoute('try', 'Script of /docs'),
  scriptRoute('tree', 'Script of the tree on /digest'),
  scriptRoute('digest', 'Script of /digest'),
  scriptRoute('cookie-form', 'Script of /auth/set-cookie-form'),
];

function scriptRoute(
  name: 'page' | 'docs' | 'try' | 'tree' | 'digest' | 'cookie-form',
  summary: string,
): Route {
  return route({
    ...asset,
    path: `/docs/assets/${name}.js`,
    summary,
    answers: { 'text/javascript; charset=utf-8': 'Page' },
    run: async () => (await import('../pages/answers.ts')).answerAsset(name),
  });
}
