/** A proxy that stands between the SDK and local-aws and spoils chosen calls: over the wire, no mocks. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';

export interface ProxiedCall {
  /** As IAM names it, e.g. `s3:PutObject`, `lambda:PublishLayerVersion`. */
  readonly action: string;
  readonly method: string;
  /** Decoded path without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** As the signature names it. */
  readonly region: string;
  readonly body: Buffer;
}

/** What happens to a call: refused before it is done, done but never answered, or answered by the proxy. */
export type Fault =
  | { readonly kind: 'drop-request' }
  | { readonly kind: 'drop-reply'; readonly afterwards?: () => void }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code: string;
      readonly headers?: Record<string, string>;
      /** In place of an error with `code`: data as JSON, text as it is. */
      readonly body?: unknown;
    }
  /** Runs while the call waits; then the call goes on. */
  | { readonly kind: 'meanwhile'; readonly work: () => Promise<void> };

export interface FaultProxy {
  readonly endpoint: string;
  readonly calls: ProxiedCall[];
  /** Decides about each call; `index` counts from 0 since the last reset. */
  script: (call: ProxiedCall, index: number) => Fault | undefined;
  reset(): void;
  /** Resolves when no call is under way any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** Another request in the place of one that came: how Lambda and an S3 that know nothing of each other are brought together. */
export type Rewrite = (
  call: ProxiedCall,
  headers: IncomingHttpHeaders,
) => Promise<{ readonly headers: IncomingHttpHeaders; readonly body: Buffer }>;

/** `targetOf` says who serves a call. */
export async function startProxy(
  targetOf: (call: ProxiedCall) => string,
  rewrite: Rewrite = async ({ body }, headers) => ({ headers, body }),
): Promise<FaultProxy> {
  const underWay = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const work = handle(incoming, outgoing).catch(() => void outgoing.destroy());
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
  // a client that was busy for Node's 5 s would use a connection just when it ends
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${port}`,
    calls: [],
    script: () => undefined,
    reset() {
      proxy.calls.length = 0;
      proxy.script = () => undefined;
    },
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const call = { ...describeCall(incoming), body: Buffer.concat(chunks) };
    const index = proxy.calls.push(call) - 1;
    const fault = proxy.script(call, index);
    if (fault?.kind === 'drop-request') return void outgoing.destroy();
    if (fault?.kind === 'meanwhile') await fault.work();
    if (fault?.kind === 'answer') return void answer(outgoing, call, fault);
    // The signature covers the Host header, so it is passed on as it came.
    const upstream = new URL(targetOf(call));
    const { method, url: path } = incoming;
    const { headers, body } = await rewrite(call, incoming.headers);
    const forward = request({ host: upstream.hostname, port: upstream.port, method, path, headers });
    forward.end(body);
    const [reply] = (await once(forward, 'response')) as [IncomingMessage];
    if (fault?.kind === 'drop-reply') {
      for await (const _ of reply.resume());
      fault.afterwards?.();
      return void outgoing.destroy();
    }
    outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
    for await (const chunk of reply) outgoing.write(chunk);
    outgoing.end();
  }
}

function answer(
  outgoing: ServerResponse,
  call: ProxiedCall,
  { status, code, headers, body }: Fault & { kind: 'answer' },
) {
  if (call.action.startsWith('lambda:')) {
    outgoing.writeHead(status, {
      'content-type': 'application/json',
      ...(body ? {} : { 'x-amzn-errortype': code }),
      ...headers,
    });
    outgoing.end(
      JSON.stringify(body ?? { Type: 'User', message: `scripted ${code}`, Message: `scripted ${code}` }),
    );
  } else {
    outgoing.writeHead(status, { 'content-type': 'application/xml', ...headers });
    const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>scripted ${code}</Message></Error>`;
    outgoing.end(call.method === 'HEAD' ? undefined : (body ?? xml));
  }
}

function describeCall({ method = 'GET', url = '/', headers }: IncomingMessage): Omit<ProxiedCall, 'body'> {
  const { pathname, searchParams } = new URL(url, `http://${headers.host}`);
  const path = decodeURIComponent(pathname);
  const region = headers.authorization?.match(/Credential=[^/]+\/\d+\/([^/]+)\//)?.[1] ?? '';
  const query = Object.fromEntries(searchParams);
  return { action: actionOf(method, path, searchParams), method, path, query, region };
}

function actionOf(method: string, path: string, query: URLSearchParams): string {
  if (path.startsWith('/2018-10-31/layers')) {
    if (path.includes('/policy')) {
      return method === 'POST' ? 'lambda:AddLayerVersionPermission' : 'lambda:GetLayerVersionPolicy';
    }
    if (method === 'POST') return 'lambda:PublishLayerVersion';
    if (method === 'DELETE') return 'lambda:DeleteLayerVersion';
    if (/\/versions\/\d+$/.test(path)) return 'lambda:GetLayerVersion';
    return path.endsWith('/versions') ? 'lambda:ListLayerVersions' : 'lambda:ListLayers';
  }
  if (/^\/20\d\d-\d\d-\d\d\//.test(path)) return `lambda:${method} ${path.replace(/^\/[^/]+\//, '')}`;
  const isBucket = !path.slice(1).replace(/\/$/, '').includes('/');
  if (isBucket) {
    if (method === 'GET' && query.has('list-type')) return 's3:ListBucket';
    const [subresource] = [...query.keys()].filter(key => key !== 'x-id' && key !== 'prefix');
    return `s3:${method} ${subresource ?? 'bucket'}`;
  }
  const verbs: Record<string, string> = { PUT: 's3:PutObject', GET: 's3:GetObject', HEAD: 's3:HeadObject' };
  return verbs[method] ?? `s3:${method} object`;
}
