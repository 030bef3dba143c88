/** One GET in the air, up to its headers: a new connection each time, so that a retry meets another address. */
import type { ClientRequest, IncomingMessage } from 'node:http';

export interface Flight {
  /** Settles at the headers; rejects when the connection fails before. */
  readonly answer: Promise<IncomingMessage>;
  /** Settles when TCP (and TLS) stands; never rejects. */
  readonly connected: Promise<void>;
  /** Closes the connection at once. Safe at any time. */
  destroy(): void;
}

/** No connection, or one without an answer, in our own words; the system's errors have codes instead. */
export class NoConnection extends Error {}

/**
 * Sends a GET. `node:https` is loaded for https alone: it brings TLS, 5 to 7 ms of every start.
 *
 * `connectMs` bounds name lookup, TCP and TLS.
 */
export function send(url: URL, headers: Readonly<Record<string, string>>, connectMs: number): Flight {
  const isSecure = url.protocol === 'https:';
  // Not `import`: importing node:http reads its export WebSocket, whose getter loads undici, 25 to 40 ms.
  const { request } = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
  const outgoing = request(url, { method: 'GET', headers, agent: false });
  const connected = whenConnected(outgoing, isSecure ? 'secureConnect' : 'connect');
  const timer = setTimeout(
    () => outgoing.destroy(new NoConnection(`no connection after ${connectMs} ms`)),
    connectMs,
  );
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.once('close', () => reject(new NoConnection('the connection closed before an answer')));
  });
  // The caller may have given up already: its loss is not an unhandled rejection.
  answer.catch(() => {}).finally(() => clearTimeout(timer));
  connected.then(() => clearTimeout(timer));
  outgoing.end();
  return { answer, connected, destroy: () => void outgoing.destroy() };
}

function whenConnected(outgoing: ClientRequest, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise(resolve => outgoing.once('socket', socket => socket.once(event, () => resolve())));
}
