/** Starts the app on a real server on any free port, with an environment of its own, and closes it with the test. */
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readUntrusted } from '../../../handler/zip/untrusted.ts';
import { type AppContext, createApp } from '../../../src/app.ts';
import { canary, refuseCanaries } from '../../support/canaries.ts';

/** As the handler lends it. */
const readZip = async () => readUntrusted;

export const key = canary('key');

export const withKey: NodeJS.ProcessEnv = {
  FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
  FAST_API__AUTH__API_KEY__VALUE: key,
  RATE_LIMIT_PER_SECOND: '0',
};

export interface Served {
  readonly url: string;
  readonly lines: readonly string[];
  get(path: string, headers?: Record<string, string | string[]>): Promise<Reply>;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
}

export interface CallOptions {
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** @default true */
  readonly key?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): unknown;
}

interface Teardown {
  teardown(fn: () => Promise<void>): void;
}

/**
 * Each request carries canaries in its key, cookie, query and JSON body; no reply and no line may show one of them.
 * `node:http` and not fetch on the client's side: fetch normalises paths and refuses some methods.
 */
export async function serve(
  t: Teardown,
  environment: NodeJS.ProcessEnv = {},
  more: AppContext = {},
): Promise<Served> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const app = createApp({ readZip, write, environment: { ...withKey, ...environment }, ...more });
  const server = createServer(app.callback());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    refuseCanaries(lines.join(''), 'the log');
  });
  const { port } = server.address() as AddressInfo;
  const call: Served['call'] = (method, path, options = {}) => send(port, method, path, options);
  return {
    url: `http://127.0.0.1:${port}`,
    lines,
    call,
    get: (path, headers = {}) => call('GET', path, { headers }),
  };
}

function send(port: number, method: string, path: string, options: CallOptions): Promise<Reply> {
  const headers = {
    cookie: `session=${canary('cookie')}`,
    ...(options.key === false ? {} : { 'x-api-key': key }),
    ...options.headers,
  };
  const watched = `${path}${path.includes('?') ? '&' : '?'}api-key=${canary('query')}`;
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path: watched, headers, agent: false }, res => {
      const chunks: Buffer[] = [];
      res.on('data', chunk => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        // the one answer that carries what it was given (SERVICE.md, /auth/set-auth-cookie)
        const { 'set-cookie': _, ...others } = res.headers;
        try {
          refuseCanaries(text + JSON.stringify(others), `the answer to ${method} ${path.split('?', 1)[0]}`);
        } catch (error) {
          reject(error);
          return;
        }
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: () => JSON.parse(text) });
      });
    });
    req.on('error', reject);
    req.end(withCanary(options.body));
  });
}

/** An undeclared field is ignored; a body that is no JSON object stays as it is. */
function withCanary(body: CallOptions['body']): CallOptions['body'] {
  if (typeof body !== 'string' || !/^\{.*\}$/s.test(body)) return body;
  const field = `"password":"${canary('body')}"`;
  return body === '{}' ? `{${field}}` : `{${field},${body.slice(1)}`;
}
