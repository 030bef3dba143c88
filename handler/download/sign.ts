/** R4: signs one GET with AWS's own signer; node:crypto does the hashing. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials } from './credentials.ts';

/** SHA-256 of nothing: a GET has no body. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What the signer asks of a hash; the one it ships with is written in JavaScript and pulls in two packages. */
class Sha256 {
  #hash: { update(data: Uint8Array | string): unknown; digest(): Buffer };

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  /** Part of the type, unused by the signer. */
  reset(): void {
    this.#hash = createHash('sha256');
  }
}

/**
 * Headers of a signed GET. `headers` are signed too (`range`, `if-match`); `accept-encoding` is not, because
 * proxies rewrite it.
 */
export async function signGet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  as: { readonly credentials: Credentials; readonly region: string; readonly at: Date },
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    credentials: as.credentials,
    region: as.region,
    service: 's3',
    sha256: Sha256,
    // S3 alone signs the path as it is sent: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host, 'x-amz-content-sha256': emptyHash },
    },
    { signingDate: as.at },
  );
  return { ...signed.headers, 'accept-encoding': 'identity' };
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array | string {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
