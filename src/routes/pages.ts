/** Pages for people, and the document behind them. Their code and assets are loaded with the first page. */
import { type Route, route } from '../declare.ts';

const tag = 'pages';
const html = { 'text/html; charset=utf-8': 'Page' } as const;
const script = { 'text/javascript; charset=utf-8': 'Page' } as const;

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
  route({
    ...asset,
    path: '/docs/assets/docs.js',
    summary: 'Script of /docs and /redoc',
    answers: script,
    run: async () => (await import('../pages/answers.ts')).answerAsset('docs'),
  }),
  route({
    ...asset,
    path: '/docs/assets/digest.js',
    summary: 'Script of /digest',
    answers: script,
    run: async () => (await import('../pages/answers.ts')).answerAsset('digest'),
  }),
  route({
    ...asset,
    path: '/docs/assets/cookie-form.js',
    summary: 'Script of /auth/set-cookie-form',
    answers: script,
    run: async () => (await import('../pages/answers.ts')).answerAsset('cookieForm'),
  }),
];
