/** Our signature of a GET against the signer of AWS's SDK. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import test from 'ava';
import fc from 'fast-check';
import { signGet } from '../../../handler/download/sign.ts';
import { urlOf } from '../../../handler/download/target.ts';

/** What AWS's signer asks of a hash. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(data as string);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

async function byAws(url: URL, headers: Record<string, string>, as: Parameters<typeof signGet>[2]) {
  const signer = new SignatureV4({ ...as, service: 's3', sha256: Sha256, uriEscapePath: false });
  const { protocol, hostname, pathname: path, searchParams } = url;
  const emptyHash = createHash('sha256').digest('hex');
  const all = { ...headers, host: url.host, 'x-amz-content-sha256': emptyHash };
  const query = Object.fromEntries(searchParams);
  const signed = await signer.sign(
    { method: 'GET', protocol, hostname, path, query, headers: all },
    { signingDate: as.at },
  );
  return { ...signed.headers, 'accept-encoding': 'identity' };
}

const word = fc.string({ minLength: 1, maxLength: 12 });
const secret = fc.stringMatching(/^[A-Za-z0-9+/=]{16,64}$/);
const inputs = fc.record({
  target: fc.record(
    {
      artifact: fc.constant('core'),
      region: fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1', 'us-gov-west-1'),
      bucket: fc.constantFrom('bucket', 'with-dash', 'with.dots'),
      // what an address may not hold as it is, and what is no character of its own
      key: fc.array(fc.oneof(word, fc.string({ unit: 'grapheme', minLength: 1 })), {
        minLength: 1,
        maxLength: 4,
      }),
      versionId: word,
    },
    { requiredKeys: ['artifact', 'region', 'bucket', 'key'] },
  ),
  endpoint: fc.option(fc.constantFrom('http://127.0.0.1:4566', 'https://s3.example.com:8443/base'), {
    nil: undefined,
  }),
  headers: fc.record(
    { range: fc.nat().map(from => `bytes=${from}-`), 'if-match': fc.stringMatching(/^"[ !#-~]{1,40}"$/) },
    { requiredKeys: [] },
  ),
  credentials: fc.record(
    { accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/), secretAccessKey: secret, sessionToken: secret },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  ),
  at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
});

test('a GET is signed as AWS’s own signer signs it, whatever key, version, range and credentials', async t => {
  const property = fc.asyncProperty(inputs, async ({ target, endpoint, headers, credentials, at }) => {
    const key = target.key.filter(part => !/^\.{1,2}$/.test(part)).join('/');
    fc.pre(key.isWellFormed() && (target.versionId ?? '').isWellFormed());
    const url = urlOf({ ...target, key }, { endpoint, dualStack: false, fips: false });
    const as = { credentials, region: target.region, at };
    t.deepEqual(signGet(url, headers, as), await byAws(url, headers, as));
  });
  await fc.assert(property, { numRuns: 2000, seed: 4 });
});

test('the secret key is in no header', t => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'the-secret-key' };
  const signed = signGet(
    new URL('https://b.s3.eu-west-1.amazonaws.com/k'),
    {},
    {
      ...{ credentials, region: 'eu-west-1' },
      at: new Date(0),
    },
  );
  t.false(JSON.stringify(signed).includes('the-secret-key'));
  t.regex(
    signed['authorization'] ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKID\/19700101\/eu-west-1\/s3\/aws4_request, /,
  );
});
