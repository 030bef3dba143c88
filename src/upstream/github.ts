/** The client of GitHub's REST API: commits, JSON resources, archives. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/errors.ts';
import type { Secret } from '../secrets/secret.ts';
import { ask, type Measure, type Reply, readJson, readText, secondsSince } from './http.ts';

export interface GitHubOptions {
  /** `https://api.github.com`, or an Enterprise server's `https://host/api/v3`. */
  readonly url: URL;
  readonly token: Secret;
  /** Milliseconds for an answer of the API and for a whole archive. */
  readonly deadlines: { readonly api: number; readonly archive: number };
  readonly measure: Measure;
  /** Whether a zip can be read where there is no tar. */
  readonly takesZips: boolean;
}

/** Validated by `schema/formats.ts` before it comes here; encoded here all the same. */
export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

export interface Resource {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: unknown;
  /** Seconds. */
  readonly duration: number;
}

export interface Archive {
  /** A tar is compressed with gzip. */
  readonly kind: 'tar' | 'zip';
  readonly body: IncomingMessage;
  explain(error: unknown): HttpError;
}

export interface GitHub {
  /** A JSON resource. `path` below the API's root, every value in it percent-encoded. */
  read(path: string, signal: AbortSignal): Promise<Resource>;
  /** The 40 hexadecimal digits of the commit that a branch, tag or commit id means now. */
  commitOf(repository: RepositoryName, ref: string, signal: AbortSignal): Promise<string>;
  /** The archive of a commit as a stream: a tar, which is read as it comes, or a zip from hosts that have no tar. */
  archiveOf(repository: RepositoryName, commit: string, signal: AbortSignal): Promise<Archive>;
}

const service = 'GitHub';
/** Bytes; a page of 100 issues with long texts is about 3 MB. */
const mostJson = 8 * 1024 * 1024;

/**
 * Makes the client. Its functions throw `HttpError`: 404 (GitHub's 404, 409 for an empty repository, 410, 422 for a ref
 * without commit, 451), 429 with `Retry-After` (rate limit), 502 (GitHub refused us, failed, or redirected to a host
 * that is not its own), 504 (deadline).
 */
export function createGitHub(options: GitHubOptions): GitHub {
  const { url, deadlines, measure } = options;
  const root = url.pathname.replace(/\/$/, '');

  async function get(path: string, accept: string, signal: AbortSignal, isArchive = false): Promise<Reply> {
    const common = { Accept: accept, 'X-GitHub-Api-Version': '2022-11-28' };
    const token = await authorization(options.token);
    const deadline = isArchive ? deadlines.archive : deadlines.api;
    let target = new URL(root + path, url);
    // A renamed repository answers 301 with an address of the same API, an archive 302 to the download host.
    for (let hops = 0; hops <= 3; hops += 1) {
      const headers = { ...common, ...(isApi(target) && token) };
      const reply = await ask({ service, url: target, headers, signal, deadline, measure });
      if (![301, 302, 307, 308].includes(reply.status)) return reply;
      reply.body.resume();
      target = locationOf(reply, target);
      if (!isApi(target) && !(isArchive && isDownloadHost(target, url))) throw strangeRedirect();
    }
    throw new HttpError(502, 'GitHub redirects in circles');
  }

  /** The token goes to these addresses and to no others: the address of an archive carries its own permission. */
  function isApi(target: URL): boolean {
    if (target.origin !== url.origin || !target.pathname.startsWith(`${root}/`)) return false;
    return /^\/(?:(?:repos|repositories)\/.{1,600}|rate_limit)?$/.test(target.pathname.slice(root.length));
  }

  return {
    async read(path, signal) {
      const start = performance.now();
      const reply = await expectOk(await get(path, 'application/vnd.github+json', signal));
      const content = await readJson(reply, service, mostJson);
      return { headers: reply.shown, content, duration: secondsSince(start) };
    },
    async commitOf(repository, ref, signal) {
      const path = `${pathOf(repository)}/commits/${encodeRef(ref)}`;
      const reply = await expectOk(await get(path, 'application/vnd.github.sha', signal));
      const text = await readText(reply, service, mostJson);
      const commit = /^[0-9a-f]{40}$/.exec(text.trim())?.[0] ?? shaOf(text);
      if (commit === undefined)
        throw new HttpError(502, 'GitHub answered with something that is no commit id');
      return commit;
    },
    async archiveOf(repository, commit, signal) {
      const ask = (kind: string) =>
        get(`${pathOf(repository)}/${kind}/${commit}`, 'application/vnd.github+json', signal, true);
      const tar = await ask('tarball');
      // The commit is known, so it is the tarball that is not.
      const isGone = options.takesZips && [404, 406, 415, 501].includes(tar.status);
      if (!isGone) return { kind: 'tar', ...(await expectOk(tar)) };
      tar.body.resume();
      return { kind: 'zip', ...(await expectOk(await ask('zipball'))) };
    },
  };
}

/** Path of a repository below the API's root. */
export function pathOf({ owner, name }: RepositoryName): string {
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}

/** `/` stays, because GitHub takes the rest of the path for the ref; `@` and `+` are data. */
function encodeRef(ref: string): string {
  return ref.split('/').map(encodeURIComponent).join('/');
}

async function authorization(token: Secret): Promise<Record<string, string>> {
  const value = await token.read().catch(cause => {
    throw new HttpError(502, 'The token for GitHub cannot be resolved', { cause });
  });
  return value === undefined ? {} : { Authorization: `Bearer ${value}` };
}

/** Some servers that speak GitHub's API ignore the media type for the bare id and send the commit as JSON. */
function shaOf(text: string): string | undefined {
  try {
    const { sha } = JSON.parse(text) as { sha?: unknown };
    return typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha) ? sha : undefined;
  } catch {
    return undefined;
  }
}

function locationOf(reply: Reply, from: URL): URL {
  const { location = '' } = reply.headers;
  if (!URL.canParse(location, from.href)) throw strangeRedirect();
  return new URL(location, from);
}

/** github.com downloads from codeload; an Enterprise server from itself or from its own subdomain `codeload.`. */
function isDownloadHost(target: URL, api: URL): boolean {
  if (target.username !== '' || target.password !== '') return false;
  if (api.host === 'api.github.com') return target.origin === 'https://codeload.github.com';
  return target.origin === api.origin || target.origin === `${api.protocol}//codeload.${api.host}`;
}

function strangeRedirect(): HttpError {
  return new HttpError(502, 'GitHub redirected to a host that is not its own');
}

async function expectOk(reply: Reply): Promise<Reply> {
  if (reply.status === 200) return reply;
  // The secondary rate limit may say so in its text alone: https://docs.github.com/rest/using-the-rest-api
  const text = reply.status === 403 ? await readText(reply, service, mostJson).catch(() => '') : '';
  reply.body.resume();
  throw mapFailure(reply, /rate limit/i.test(text));
}

function mapFailure({ status, headers }: Reply, saysLimit: boolean): HttpError {
  const limited =
    saysLimit ||
    status === 429 ||
    headers['x-ratelimit-remaining'] === '0' ||
    headers['retry-after'] !== undefined;
  if (limited && (status === 429 || status === 403)) {
    const after = String(waitSeconds(headers['retry-after'], headers['x-ratelimit-reset']));
    return new HttpError(429, "GitHub's rate limit is used up", { headers: { 'Retry-After': after } });
  }
  if ([404, 409, 410, 422, 451].includes(status)) {
    return new HttpError(404, 'GitHub knows no such repository or ref, or does not show it');
  }
  if (status === 401 || status === 403) return new HttpError(502, 'GitHub refused this service');
  return new HttpError(502, `GitHub answered ${status}`);
}

/** At least a second, at most an hour: GitHub's windows are an hour long. */
function waitSeconds(retryAfter: string | undefined, reset: string | string[] | undefined): number {
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : Number(reset) - Date.now() / 1000;
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : 60;
}
