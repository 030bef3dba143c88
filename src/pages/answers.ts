/** The pages, their assets and the OpenAPI document as answers. */
import { createHash } from 'node:crypto';
import type { Answer, Route } from '../declare.ts';
import { makeOpenApi } from '../openapi/document.ts';
import { cookieFormScript } from './cookie-form-script.ts';
import { digestScript } from './digest-script.ts';
import { docsScript } from './docs-script.ts';
import { digestPage, docsPage } from './html.ts';
import { pageScript } from './page-script.ts';
import { style } from './style.ts';
import { treeScript } from './tree-script.ts';
import { tryScript } from './try-script.ts';

const script = 'text/javascript; charset=utf-8';
const assets = {
  style: ['text/css; charset=utf-8', style],
  page: [script, pageScript],
  docs: [script, docsScript],
  try: [script, tryScript],
  tree: [script, treeScript],
  digest: [script, digestScript],
  'cookie-form': [script, cookieFormScript],
} as const;

/** `try`: forms that call the API; `read`: reference only. */
export function answerDocs(mode: 'try' | 'read'): Answer {
  return unchanging('text/html; charset=utf-8', docsPage(mode));
}

export function answerDigestPage(): Answer {
  return unchanging('text/html; charset=utf-8', digestPage);
}

export function answerAsset(name: keyof typeof assets): Answer {
  const [type, body] = assets[name];
  return unchanging(type, body);
}

export function answerOpenApi(routes: readonly Route[], keyName: string | undefined): Answer {
  return unchanging('application/json', JSON.stringify(makeOpenApi(routes, keyName)));
}

/** The same until the next deployment: kept by the browser, asked about each time. */
function unchanging(type: string, body: string): Answer {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { type, body, headers: { 'Cache-Control': 'no-cache', ETag: etag } };
}
