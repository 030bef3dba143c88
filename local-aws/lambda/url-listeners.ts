/** The ports of function URLs: each has a listener of its own, kept in the record and opened again after a restart. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LocalAwsError } from '../errors.ts';

/** The function and qualifier whose URL a port is. */
export interface UrlOwner {
  readonly name: string;
  readonly qualifier: string;
}

export interface UrlListeners {
  /** Opens a port, the lowest free one from the first on, or `port` itself. Throws `PORT_TAKEN` for the latter. */
  open(owner: UrlOwner, port?: number): Promise<number>;
  close(port: number): Promise<void>;
  address(port: number): string;
  closeAll(): Promise<void>;
}

/** `first` is the port of the first URL, 0 for any free one. `handle` answers requests. */
export function openUrlListeners(
  first: number,
  handle: (owner: UrlOwner, request: IncomingMessage, response: ServerResponse) => void,
): UrlListeners {
  const servers = new Map<number, Server>();

  async function listen(owner: UrlOwner, port: number): Promise<number> {
    const server = createServer((request, response) => handle(owner, request, response));
    await listenOn(server, port);
    const taken = (server.address() as AddressInfo).port;
    servers.set(taken, server);
    return taken;
  }

  return {
    async open(owner, port) {
      if (port !== undefined) {
        return listen(owner, port).catch(cause => {
          throw portTaken(port, 'urlPort', cause);
        });
      }
      if (first === 0) return listen(owner, 0);
      for (let candidate = first; candidate < first + 1000; candidate++) {
        if (servers.has(candidate)) continue;
        try {
          return await listen(owner, candidate);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        }
      }
      throw portTaken(first, 'urlPort', undefined);
    },
    async close(port) {
      const server = servers.get(port);
      servers.delete(port);
      if (server) await closeServer(server);
    },
    address: port => `http://127.0.0.1:${port}/`,
    async closeAll() {
      await Promise.all([...servers.values()].map(closeServer));
      servers.clear();
    },
  };
}

/** Listens on loopback, and on nothing else. Rejects with Node's own error. */
export function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** The error for a port that somebody else has. `option` is the option of startLocalAws that named it. */
export function portTaken(port: number, option: 'port' | 'urlPort', cause: unknown): Error {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  if (cause !== undefined && code !== 'EADDRINUSE' && code !== 'EACCES') return cause as Error;
  return new LocalAwsError(
    'PORT_TAKEN',
    `port ${port} of 127.0.0.1 is ${code === 'EACCES' ? 'not permitted' : 'taken'}`,
    {
      hint: `stop the program that listens there, or choose another port (option ${option}; 0 takes any free one)`,
      details: { port, option },
      cause,
    },
  );
}
