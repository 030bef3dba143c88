/** The canonical request of SigV4, built from the raw request so that nothing is normalised away. */
import type { Claim, Headers } from './authorization.ts';
import { decodePercent, encodePercent, type RequestTarget } from './target.ts';

/** The services this server plays; S3 encodes the path differently from all others. */
export type SignedService = 's3' | 'lambda' | 'logs' | 'monitoring' | 'iam' | 'sts';

/** Builds the text that is hashed and signed: method, path, query, signed headers, payload hash. */
export function canonicalRequest(
  method: string,
  target: RequestTarget,
  headers: Headers,
  claim: Claim,
  payloadHash: string,
  service: SignedService,
): string {
  return [
    method,
    canonicalPath(target.path, service),
    canonicalQuery(target, claim),
    ...claim.signedHeaders.map(name => `${name}:${canonicalValue(headers[name])}`),
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** S3 signs the path encoded once; every other service encodes what was sent a second time, normalised. */
function canonicalPath(path: string, service: SignedService): string {
  if (service === 's3') return path.split('/').map(decodePercent).map(encodePercent).join('/');
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encodePercent(segment));
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function canonicalQuery(target: RequestTarget, claim: Claim): string {
  const isPresigned = claim.expiresIn !== undefined;
  return target.query
    .filter(([name]) => !(isPresigned && name === 'X-Amz-Signature'))
    .map(([name, value]) => [encodePercent(name), encodePercent(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function canonicalValue(values: readonly string[] | undefined): string {
  return (values ?? []).map(value => value.trim().replace(/ +/g, ' ')).join(',');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
