/** The answers of `/github-digest/*`: ref → commit → ETag or snapshot → digest → text. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from '../declare.ts';
import { bodyOf } from '../pieces.ts';
import type { Services } from '../services.ts';
import { serviceVersion } from '../version.ts';
import { type DigestRequest, makeDigest } from './digest.ts';
import { parseFilters } from './filter.ts';
import type { Format } from './formats/format.ts';
import { json, jsonWithoutContents } from './formats/json.ts';
import { markdown } from './formats/markdown.ts';
import { text } from './formats/text.ts';
import { xml } from './formats/xml.ts';
import { createLook } from './look.ts';
import { renderDigest } from './render.ts';

type FormatName = 'markdown' | 'xml' | 'json' | 'text';

interface DigestCall {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly headers: IncomingHttpHeaders;
  readonly request: DigestRequest & { readonly format: FormatName | undefined };
}

const formats: Readonly<Record<FormatName, Format>> = { markdown, xml, json, text };

/** What the GET route, which has fewer filters, leaves at nothing. */
export const noMoreFilters = {
  filter_starts_with_any: [],
  filter_exclude_paths: [],
  filter_exclude_prefixes: [],
  filter_exclude_suffixes: [],
  max_file_size_bytes: 0,
  max_content_length: 0,
  truncate_patterns: [],
  hide_file_contents: false,
} as const;

/** The same commit and the same request give the same bytes, so 304 needs no archive. */
export async function answerDigest({ services, signal, headers, request }: DigestCall): Promise<Answer> {
  const repositories = await services.repositories();
  const commit = await repositories.gitHub.commitOf(request, request.ref, signal);
  const name = request.format ?? preferredFormat(headers.accept ?? '');
  const format = name === 'json' && request.hide_file_contents ? jsonWithoutContents : formats[name];
  const etag = etagOf({ serviceVersion, commit, ...request, format: name });
  const common = { ETag: etag, Vary: 'Accept', 'Cache-Control': 'private, no-cache' };
  if (isKnown(headers['if-none-match'], etag))
    return { status: 304, type: format.type, body: '', headers: common };
  const { format: _, ...asked } = request;
  const isWanted = parseFilters(request);
  const snapshot = await repositories.open(request, commit, isWanted, signal, createLook());
  return {
    type: format.type,
    body: bodyOf(renderDigest(makeDigest(snapshot, asked, isWanted), format)),
    headers: common,
  };
}

function etagOf(facts: object): string {
  return `"${createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 27)}"`;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2: weak comparison. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some(part => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
}

const byMediaType: Readonly<Record<string, FormatName>> = {
  'text/markdown': 'markdown',
  'application/json': 'json',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'text/plain': 'text',
};

/** The format with the highest quality in `Accept`, the first of equals; Markdown when none is named. */
function preferredFormat(accept: string): FormatName {
  let best: { readonly format: FormatName; readonly quality: number } | undefined;
  for (const part of accept.slice(0, 1000).split(',')) {
    const [type = '', ...parameters] = part.split(';').map(item => item.trim().toLowerCase());
    const format = Object.hasOwn(byMediaType, type) ? byMediaType[type] : undefined;
    const quality = Number(parameters.find(item => item.startsWith('q='))?.slice(2) ?? 1);
    if (format && quality > (best?.quality ?? 0)) best = { format, quality };
  }
  return best?.format ?? 'markdown';
}
