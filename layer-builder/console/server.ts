/** The console: one page on loopback that shows the rehearsal and lets a person break it. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCodedError } from '../../artifact/error.ts';
import { fail } from '../errors.ts';
import type { ConsoleTools } from './actions.ts';
import { consoleActions } from './actions.ts';
import type { Invocation } from './timeline.ts';
import { drawInvocation } from './timeline.ts';
import { readWorld } from './world.ts';

export interface ConsoleOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly tools: ConsoleTools;
  /** Path that the page suggests to call. */
  readonly path: string;
  /** What is isolated on this machine and what is not, in one line. */
  readonly isolated: string;
  readonly invocations: () => readonly Invocation[];
  readonly onInvocation: (listener: () => void) => () => void;
}

export interface Console {
  readonly url: string;
  close(): Promise<void>;
}

const assets: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/console.css': ['console.css', 'text/css; charset=utf-8'],
  '/console.js': ['console.js', 'text/javascript; charset=utf-8'],
  '/elements.js': ['elements.js', 'text/javascript; charset=utf-8'],
  '/invocations.js': ['invocations.js', 'text/javascript; charset=utf-8'],
};

/**
 * Opens the console on 127.0.0.1. Throws `PORT_TAKEN`.
 *
 * It has no password, so it answers only who asks for it by its own address (a page of another origin, or a name
 * that was made to point here, is refused), and it changes things only on a JSON POST, which no form can send.
 */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(error => sendError(response, error));
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ConsoleOptions,
): Promise<void> {
  if (!isOwnAddress(request))
    return send(response, 403, { error: { code: 'FORBIDDEN', message: 'not from here' } });
  const { pathname } = new URL(request.url ?? '/', 'http://console');
  const asset = request.method === 'GET' ? assets[pathname] : undefined;
  if (asset !== undefined) return sendAsset(response, asset);
  if (request.method === 'GET' && pathname === '/api/world') {
    const invocations = options.invocations().map(drawInvocation);
    const { path, isolated } = options;
    return send(response, 200, { ...(await readWorld(options.tools)), invocations, path, isolated });
  }
  if (request.method === 'GET' && pathname.startsWith('/api/log/')) {
    const id = pathname.slice('/api/log/'.length);
    const found = options.invocations().find(({ requestId }) => requestId === id);
    if (found !== undefined) return send(response, 200, { log: found.logTail });
  }
  if (request.method === 'GET' && pathname === '/api/events') return sendEvents(response, options);
  const name = pathname.replace('/api/', '');
  const action =
    request.method === 'POST' && Object.hasOwn(consoleActions, name) ? consoleActions[name] : undefined;
  if (action === undefined || !pathname.startsWith('/api/')) {
    return send(response, 404, { error: { code: 'NOT_FOUND', message: `no ${request.method} ${pathname}` } });
  }
  const result = await action(options.tools, await readFields(request));
  send(response, 200, result ?? {});
}

/** Loopback by number and by its one name; `Origin` is sent by browsers with every POST. */
function isOwnAddress({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return false;
  return headers.origin === undefined || headers.origin === `http://${host}`;
}

/** One message for each invocation; the page then reads the world anew. */
function sendEvents(response: ServerResponse, options: ConsoleOptions): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': open\n\n');
  const end = options.onInvocation(() => response.write('data: invocation\n\n'));
  response.on('close', end);
}

function sendAsset(response: ServerResponse, [file, type]: readonly [string, string]): void {
  response.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-cache',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
  response.end(readFileSync(new URL(`page/${file}`, import.meta.url)));
}

/** 64 KB are far more than any action needs. */
const longestBody = 65_536;

async function readFields(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    fail('USAGE', 'the body is not JSON (expected content-type application/json)');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) fail('USAGE', `the body is too long (expected at most ${longestBody} bytes)`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  } catch (cause) {
    return fail('USAGE', 'the body is not JSON', { cause });
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  const code = isCodedError(error) ? error.code : error instanceof Error ? error.name : 'INTERNAL';
  const message = error instanceof Error ? error.message : 'unknown';
  if (response.headersSent) response.destroy();
  else send(response, code === 'USAGE' ? 400 : 502, { error: { code, message } });
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      try {
        if (cause.code !== 'EADDRINUSE') throw cause;
        fail(
          'PORT_TAKEN',
          `port ${port} is taken (expected a free port for the console, found another program on it)`,
          {
            hint: 'stop that program, or choose another port with --console-port; 0 takes any free one',
            details: { port, option: '--console-port' },
            cause,
          },
        );
      } catch (error) {
        reject(error);
      }
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
