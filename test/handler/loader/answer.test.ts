/** R4: what is read off an answer that is not the object. */
import type { IncomingHttpHeaders } from 'node:http';
import test from 'ava';
import { parseRefusal } from '../../../handler/download/answer.ts';

test('a refusal is boiled down to what is needed, and nothing that a terminal would obey', t => {
  const xml =
    '<Error><Code>SlowDown</Code><Message>wait\u001b[31m\r\nnow</Message><Region>eu-west-1</Region></Error>';
  const headers = {
    date: 'Tue, 01 Dec 2026 10:00:00 GMT',
    'retry-after': 'Tue, 01 Dec 2026 10:00:07 GMT',
    'x-amz-request-id': 'R\n1',
  };
  t.deepEqual(parseRefusal(503, headers, xml), {
    status: 503,
    code: 'SlowDown',
    message: 'wait?[31m??now',
    region: 'eu-west-1',
    retryAfterMs: 7000,
    requestId: 'R?1',
    date: Date.parse(headers.date),
  });
  t.is(parseRefusal(500, { 'x-amz-request-id': 'R'.repeat(200) }, '').requestId, 'R'.repeat(100));
  t.deepEqual(parseRefusal(500, {}, 'x'), {
    status: 500,
    code: '',
    message: '',
    region: undefined,
    retryAfterMs: undefined,
    requestId: '',
    date: undefined,
  });
});

const regions: readonly [string, IncomingHttpHeaders, string | undefined][] = [
  ['the header', { 'x-amz-bucket-region': 'eu-west-1' }, 'eu-west-1'],
  ['a host of AWS', { location: 'https://bucket.s3.eu-west-1.amazonaws.com/k' }, 'eu-west-1'],
  ['an older host of AWS', { location: 'https://s3-us-west-2.amazonaws.com/b/k' }, 'us-west-2'],
  ['a host of AWS in China', { location: 'https://bucket.s3.cn-north-1.amazonaws.com.cn/k' }, 'cn-north-1'],
  ['plain http', { location: 'http://b.s3.eu-west-1.amazonaws.com/k' }, undefined],
  ['another host', { location: 'https://evil.example/s3.eu-west-1.amazonaws.com/' }, undefined],
  [
    'a host that only begins like AWS',
    { location: 'https://s3.eu-west-1.amazonaws.com.evil.example/' },
    undefined,
  ],
  [
    'a user name that looks like AWS',
    { location: 'https://s3.eu-west-1.amazonaws.com@evil.example/' },
    undefined,
  ],
  [
    'an address inside of another',
    { location: 'http://evil.example/?https://bucket.s3.eu-west-1.amazonaws.com/' },
    undefined,
  ],
  ['a header that is no region', { 'x-amz-bucket-region': 'a/../b' }, undefined],
  ['a header that begins otherwise', { 'x-amz-bucket-region': '/eu-west-1' }, undefined],
  ['a header that goes on', { 'x-amz-bucket-region': 'eu-west-1.evil.example' }, undefined],
];

for (const [title, headers, expected] of regions) {
  test(`the region in a redirect, by ${title}: ${expected ?? 'none'}`, t => {
    t.is(parseRefusal(307, headers, '').region, expected);
  });
}

const waits: readonly [string, number | undefined][] = [
  ['0', 0],
  ['3', 3000],
  ['99999999', undefined],
  ['soon', undefined],
  ['-1', undefined],
  ['Tue, 01 Dec 2026 09:00:00 GMT', undefined],
  ['Tue, 01 Dec 2026 10:00:00 GMT', 0],
  ['999999', 999_999_000],
];

for (const [value, expected] of waits) {
  test(`Retry-After: ${value} is ${expected ?? 'no'} ms`, t => {
    const headers = { date: 'Tue, 01 Dec 2026 10:00:00 GMT', 'retry-after': value };
    t.is(parseRefusal(503, headers, '').retryAfterMs, expected);
  });
}
