/** Requests signed by an independent signer and sent byte for byte, for what the SDK would never send. */
import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { rootKey, type TestServer } from './support.ts';

export interface RawRequest {
  readonly method?: string;
  /** Percent-encoded path, sent as it is. */ readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly key?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly region?: string;
  readonly date?: Date;
  /** Seconds; signs the query instead of the header. */ readonly presign?: number;
  /** Changes the signed headers before they are sent. */
  readonly tamper?: (headers: Record<string, string>) => void;
  /** Makes the body that is really sent, from the signed headers. */
  readonly frame?: (headers: Readonly<Record<string, string>>) => string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Text of the first element of that name. */ element(name: string): string | undefined;
}

/** The hash that the signer asks for, on node:crypto. */
export class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBuffer(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBuffer(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('not needed by the signer');
  }
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

/** Signs and sends; the payload hash defaults to that of the body. */
export async function send({ endpoint }: Pick<TestServer, 'endpoint'>, raw: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', body = '' } = raw;
  const { target, headers } = await sign({ endpoint }, raw);
  raw.tamper?.(headers);
  return sendRaw({ endpoint }, method, target, headers, raw.frame?.(headers) ?? body);
}

/** The request target that anybody may send within a minute. */
export async function presign(
  { endpoint }: Pick<TestServer, 'endpoint'>,
  path: string,
  method = 'GET',
): Promise<string> {
  return (await sign({ endpoint }, { method, path, presign: 60 })).target;
}

async function sign({ endpoint }: Pick<TestServer, 'endpoint'>, raw: RawRequest) {
  const { hostname, port } = new URL(endpoint);
  const { method = 'GET', body = '', query = {} } = raw;
  const headers: Record<string, string> = { host: `${hostname}:${port}`, ...raw.headers };
  if (raw.presign === undefined)
    headers['x-amz-content-sha256'] ??= createHash('sha256').update(body).digest('hex');
  const signer = new SignatureV4({
    service: 's3',
    region: raw.region ?? 'us-east-1',
    credentials: raw.key ?? rootKey,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const request = {
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: raw.path,
    method,
    query,
    headers,
    body,
  };
  const signingDate = raw.date ?? new Date();
  const unsigned = 'x-amz-content-sha256';
  const signed =
    raw.presign === undefined
      ? await signer.sign(request, { signingDate })
      : await signer.presign(
          { ...request, headers: { ...headers, [unsigned]: 'UNSIGNED-PAYLOAD' } },
          { expiresIn: raw.presign, signingDate, unsignableHeaders: new Set([unsigned]) },
        );
  const search = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return {
    target: `${raw.path}${search.length > 0 ? `?${search.join('&')}` : ''}`,
    headers: { ...signed.headers } as Record<string, string>,
  };
}

/** Sends exactly this, signed or not. */
export function sendRaw(
  { endpoint }: Pick<TestServer, 'endpoint'>,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    // Node leaves a GET with a body unframed, which is no HTTP.
    const framing =
      headers['transfer-encoding'] === undefined ? { 'content-length': Buffer.byteLength(body) } : {};
    const options = {
      hostname,
      port,
      method,
      path: target,
      headers: { ...framing, ...headers },
      agent: false,
    };
    const outgoing = request(options, response => {
      const pieces: Buffer[] = [];
      response.on('data', piece => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(pieces);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: answer,
          element: name => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.toString())?.[1],
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
