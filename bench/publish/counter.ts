/** A proxy on loopback that counts requests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Counter {
  readonly endpoint: string;
  /** Requests since the last call. */
  take(): number;
  close(): void;
}

/** The signature covers the Host header, so that is passed on as it came. */
export async function countRequests(target: string): Promise<Counter> {
  let count = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    count++;
    const { method = 'GET', url = '/', headers } = incoming;
    const outgoing = request({ hostname, port, method, path: url, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: () => server.close(),
  };
}
