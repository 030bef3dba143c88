/**
 * R4: Signature Version 4 of one GET to S3, with node:crypto.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 *
 * AWS's own signer does the same with 24 kB that are read and compiled on every start from S3. Here the tests hold it
 * against this one, input by input.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from './credentials.ts';

/** SHA-256 of nothing: a GET has no body. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Headers of a signed GET. `headers`, in lower case, are signed too (`range`, `if-match`); `accept-encoding` is not, because
 * proxies rewrite it. The URL's path and query must be escaped already, everything but A–Z a–z 0–9 - _ . ~ and `/`.
 */
export function signGet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  as: { readonly credentials: Credentials; readonly region: string; readonly at: Date },
): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = as.credentials;
  const time = as.at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const signed: Record<string, string> = {
    ...headers,
    host: url.host,
    'x-amz-content-sha256': emptyHash,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    'GET',
    // S3 alone signs the path as it is sent, not escaped once more.
    url.pathname,
    url.search.slice(1).split('&').sort().join('&'),
    ...names.map(name => `${name}:${signed[name]?.trim().replace(/\s+/g, ' ')}`),
    '',
    names.join(';'),
    emptyHash,
  ].join('\n');
  const scope = [day, as.region, 's3', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const hash = createHash('sha256').update(canonical).digest('hex');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), hash].join('\n')).toString('hex');
  const credential = `${accessKeyId}/${scope.join('/')}`;
  return {
    ...signed,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    'accept-encoding': 'identity',
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
