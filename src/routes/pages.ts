/** Pages for people, and the document behind them. Their files come with the first page. */
import { type Route, route } from '../declare.ts';

const tag = 'pages';

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
  pageRoute('docs', 'Every route, to read and to try'),
  pageRoute('redoc', 'Every route, to read'),
  pageRoute('digest', 'Choose from a repository and copy its digest'),
  route({
    ...page,
    path: '/openapi.json',
    summary: 'This API as an OpenAPI document',
    answers: { 'application/json': 'OpenApi' },
    run: async ({ services }) => (await import('../openapi/answer.ts')).answerOpenApi(services),
  }),
  assetRoute('style.css', 'text/css', 'Style of all pages'),
  assetRoute('page.js', 'text/javascript', 'What the pages share'),
  assetRoute('operation.js', 'text/javascript', 'How /docs and /redoc show an operation'),
  assetRoute('docs.js', 'text/javascript', 'Script of /docs and /redoc'),
  assetRoute('try.js', 'text/javascript', 'Forms of /docs'),
  assetRoute('tree.js', 'text/javascript', 'Tree of /digest'),
  assetRoute('digest.js', 'text/javascript', 'Script of /digest'),
  assetRoute('cookie-form.js', 'text/javascript', 'Script of /auth/set-cookie-form'),
];

function pageRoute(name: string, summary: string): Route {
  return route({
    ...page,
    path: `/${name}`,
    summary,
    answers: { 'text/html; charset=utf-8': 'Page' },
    errors: [503],
    run: async ({ services }) =>
      (await import('../pages/answers.ts')).answerFile(`${name}.html`, services.dependencies),
  });
}

function assetRoute(file: string, type: string, summary: string): Route {
  return route({
    ...asset,
    path: `/docs/assets/${file}`,
    summary,
    answers: { [`${type}; charset=utf-8`]: 'Page' },
    errors: [503],
    run: async ({ services }) =>
      (await import('../pages/answers.ts')).answerFile(file, services.dependencies),
  });
}
