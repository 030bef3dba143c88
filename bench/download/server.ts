/**
 * A process of its own, so that serving costs the client nothing but its share of the machine: local-aws, and before
 * it one proxy for each network. The folder comes in the arguments, the networks as JSON; the addresses go out as JSON.
 */
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { startLocalAws } from '../../local-aws/index.ts';

export interface Network {
  readonly name: string;
  /** Milliseconds from the request to the first byte of the answer. */
  readonly firstByteMs: number;
  /** Megabytes (10^6) a second: of one connection, of all together. */
  readonly perConnection: number | null;
  readonly together: number | null;
}

export interface Serving {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** One address for each network, in their order. */
  readonly networks: readonly string[];
}

/** What a late timer may make up for; less would lose throughput, more would be a burst. */
const creditMs = 5;

async function serve(folder: string, networks: readonly Network[]): Promise<Serving> {
  const { endpoint, credentials } = await startLocalAws({ port: 0, urlPort: 0, data: folder });
  const port = Number(new URL(endpoint).port);
  const proxies = await Promise.all(networks.map(network => listen(limited(network, port))));
  return {
    endpoint,
    credentials,
    networks: proxies.map(proxy => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`),
  };
}

function limited({ firstByteMs, perConnection, together }: Network, port: number): Server {
  const shared = createPace(together);
  return createServer(client => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream);
    void forward(upstream, client, firstByteMs, [createPace(perConnection), shared]);
    // The other way round it is forward() that closes, behind the last byte.
    client.on('close', () => upstream.destroy()).on('error', () => {});
    upstream.on('error', () => client.destroy());
  });
}

async function forward(from: Socket, to: Socket, firstByteMs: number, paces: readonly Pace[]): Promise<void> {
  let isFirst = true;
  try {
    for await (const chunk of from) {
      if (isFirst) await sleep(firstByteMs);
      isFirst = false;
      const waitMs = Math.max(...paces.map(pace => pace((chunk as Buffer).length)));
      if (waitMs >= 1) await sleep(waitMs);
      if (!to.write(chunk)) await new Promise(resolve => to.once('drain', resolve));
    }
    to.end();
  } catch {
    to.destroy();
  }
}

/** Milliseconds to wait before so many bytes may pass. */
type Pace = (bytes: number) => number;

function createPace(megabytes: number | null): Pace {
  let free = 0;
  return bytes => {
    if (megabytes === null) return 0;
    const now = performance.now();
    free = Math.max(free, now - creditMs) + bytes / (megabytes * 1000);
    return free - now;
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function listen(server: Server): Promise<Server> {
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const [folder, networks] = process.argv.slice(2);
if (folder !== undefined && networks !== undefined) {
  process.stdout.write(`${JSON.stringify(await serve(folder, JSON.parse(networks) as Network[]))}\n`);
  // The end of stdin is the end of the benchmark, also when that was killed.
  process.stdin.on('end', () => process.exit()).resume();
}
