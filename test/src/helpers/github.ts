/** Plays GitHub on a real server: commits, resources, archives behind a redirect, and every way to fail. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Play = (req: IncomingMessage, res: ServerResponse, origin: string) => void;

export interface FakeGitHub {
  readonly url: string;
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** Answers this path (query left out) from now on. */
  on(path: string, play: Play): void;
}

interface Teardown {
  teardown(fn: () => Promise<void>): void;
}

export const commit = '0123abc'.padEnd(40, '4');

/** Serves `archive` as acme/sample at every ref that is no other commit. */
export async function playGitHub(t: Teardown, archive: Buffer = Buffer.alloc(0)): Promise<FakeGitHub> {
  const plays = new Map<string, Play>();
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  let origin = '';
  const server = createServer((req, res) => {
    const path = req.url ?? '';
    requests.push({ path, headers: req.headers });
    const play = plays.get(path.split('?', 1)[0] ?? '');
    if (play) return play(req, res, origin);
    if (path.startsWith('/repos/acme/sample/commits/')) return res.end(commit);
    if (path === `/repos/acme/sample/tarball/${commit}`) {
      return res.writeHead(302, { location: `${origin}/codeload/acme/sample/legacy.tar.gz/${commit}` }).end();
    }
    if (path.startsWith('/codeload/'))
      return res.writeHead(200, { 'content-type': 'application/x-gzip' }).end(archive);
    if (path.startsWith('/repos/acme/missing')) return sendJson(res, 404, { message: 'Not Found' });
    return sendJson(res, 200, { echo: path });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  return { url: origin, requests, on: (path, play) => void plays.set(path, play) };
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    'X-RateLimit-Remaining': '59',
    ...headers,
  };
  res.writeHead(status, all).end(JSON.stringify(body));
}
