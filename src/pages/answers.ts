/** The pages and what they are made of, as files of a lazy artifact: no cold start downloads, unpacks or reads them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from '../declare.ts';
import type { Dependencies } from '../dependencies.ts';
import { HttpError } from '../http/errors.ts';
import { unchanging } from '../http/unchanging.ts';

/** As `layer-builder.config.ts` names it. */
const artifact = 'pages';
/** Where the files lie, in the project and so in the artifact. */
const folder = 'src/pages/assets';
/** Seconds; a store that throttles or moves is back by then, or it takes an operator. */
const retryAfter = '5';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/**
 * The file `name` as an answer. Throws `HttpError` 503 with the loader's code while the artifact cannot be loaded; the
 * next request tries again.
 */
export async function answerFile(name: string, dependencies: Dependencies | undefined): Promise<Answer> {
  const root = dependencies === undefined ? join(import.meta.dirname, '../..') : await load(dependencies);
  const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return unchanging(type, await readFile(join(root, folder, name)));
}

async function load(dependencies: Dependencies): Promise<string> {
  try {
    return (await dependencies.load(artifact)).assets;
  } catch (cause) {
    const { code = 'unknown', message } = cause as { code?: unknown; message?: string };
    throw new HttpError(503, `The files of this page cannot be loaded (${code})`, {
      headers: { 'Retry-After': retryAfter },
      reason: `the artifact ${artifact} cannot be loaded: ${message}`,
      cause,
    });
  }
}
