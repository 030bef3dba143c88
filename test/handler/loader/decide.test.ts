/** R4's decision table: what follows an attempt that did not give the artifact. Whole verdicts, but for the wording of hints. */
import test from 'ava';
import type { Refusal } from '../../../handler/download/answer.ts';
import type { History, Trouble, Verdict } from '../../../handler/download/decide.ts';
import { decide } from '../../../handler/download/decide.ts';
import { pauseMs } from '../../../handler/download/pause.ts';
import { quickLimits } from '../../support/loader-world.ts';

const limits = { ...quickLimits, attempts: 4, retryAfterCapMs: 2000 };

/** The first attempt is over, and nothing else has happened. */
const start: History = {
  attempts: 1,
  wrongs: 0,
  isRedirected: false,
  isClockCorrected: false,
  isRenewed: false,
  region: 'us-east-1',
};
const last = { attempts: 4 };

function refused(status: number, code = '', more: Partial<Refusal> & { hadRange?: boolean } = {}): Trouble {
  const { hadRange = false, ...facts } = more;
  const unsaid = { region: undefined, retryAfterMs: undefined, date: undefined };
  return {
    kind: 'refused',
    hadRange,
    refusal: { status, code, message: '', requestId: '', ...unsaid, ...facts },
  };
}

const fail = (code: string, found: string, hint: RegExp) => ({ do: 'fail' as const, code, found, hint });
const retry = (reason: string, more: { restart?: boolean; afterMs?: number } = {}) => ({
  do: 'retry' as const,
  reason,
  restart: more.restart ?? false,
  afterMs: more.afterMs,
});

const elsewhere = { region: 'eu-west-1' };
const follow = { do: 'region' as const, region: 'eu-west-1' };
const stay = (found: string) => fail('DEPS_REGION', found, /publish to the region/);
const deniedHint = /s3:GetObject .* or the object does not exist/;

type Expected = Exclude<Verdict, { do: 'fail' }> | ReturnType<typeof fail>;
type Row = readonly [trouble: Trouble, before: Partial<History>, expected: Expected];

const rows: Readonly<Record<string, Row>> = {
  'no connection': [{ kind: 'unreachable', reason: 'ECONNREFUSED' }, {}, retry('ECONNREFUSED')],
  'no connection, at last': [
    { kind: 'unreachable', reason: 'ECONNREFUSED' },
    last,
    fail('DEPS_UNREACHABLE', 'ECONNREFUSED', /VPC route/),
  ],
  'a reset': [{ kind: 'reset', reason: 'broke' }, { attempts: 3 }, retry('broke')],
  'a reset, at last': [{ kind: 'reset', reason: 'broke' }, last, fail('DEPS_UNREACHABLE', 'broke', /VPC/)],
  'no descriptor of this process': [
    { kind: 'unreachable', reason: 'EMFILE' },
    last,
    fail('DEPS_TOO_MANY_FILES', 'EMFILE', /close files and sockets/),
  ],
  'no descriptor of this machine': [
    { kind: 'unreachable', reason: 'ENFILE' },
    last,
    fail('DEPS_TOO_MANY_FILES', 'ENFILE', /close files/),
  ],
  'a reason that only begins so': [
    { kind: 'unreachable', reason: 'EMFILES' },
    last,
    fail('DEPS_UNREACHABLE', 'EMFILES', /VPC/),
  ],
  'a reason that only ends so': [
    { kind: 'unreachable', reason: 'not EMFILE' },
    last,
    fail('DEPS_UNREACHABLE', 'not EMFILE', /VPC/),
  ],
  silence: [{ kind: 'silent', reason: 'stall' }, {}, retry('too slow: stall')],
  'silence, at last': [
    { kind: 'silent', reason: 'first byte' },
    last,
    fail('DEPS_TIMEOUT', 'no progress (first byte)', /network path/),
  ],
  'another range': [{ kind: 'otherRange' }, {}, retry('another range', { restart: true })],
  'another range, at last': [
    { kind: 'otherRange' },
    last,
    fail('DEPS_RESPONSE', 'ranges that do not fit', /proxies/),
  ],
  'A16 other bytes': [
    { kind: 'wrong', found: '7 bytes' },
    { wrongs: 1 },
    retry('not the locked bytes', { restart: true }),
  ],
  'A16 other bytes again': [
    { kind: 'wrong', found: '7 bytes' },
    { wrongs: 2 },
    fail('DEPS_DIGEST', '7 bytes', /publish again/),
  ],
  'other bytes, at last': [
    { kind: 'wrong', found: '7 bytes' },
    { ...last, wrongs: 1 },
    fail('DEPS_DIGEST', '7 bytes', /publish again/),
  ],
  'A17 412 to a range': [
    refused(412, 'PreconditionFailed', { hadRange: true }),
    {},
    retry('the object changed', { restart: true }),
  ],
  'A17 416 to a range': [
    refused(416, 'InvalidRange', { hadRange: true }),
    {},
    retry('the object changed', { restart: true }),
  ],
  'A17 412 to a range, at last': [
    refused(412, 'PreconditionFailed', { hadRange: true }),
    last,
    fail('DEPS_DIGEST', '412 PreconditionFailed: the object keeps changing', /overwrites/),
  ],
  '412 to the whole object': [
    refused(412, 'PreconditionFailed'),
    {},
    fail('DEPS_RESPONSE', '412 PreconditionFailed', /speaks S3/),
  ],
  '403 to a range': [
    refused(403, 'AccessDenied', { hadRange: true }),
    {},
    fail('DEPS_ACCESS_DENIED', '403 AccessDenied', deniedHint),
  ],
  'A20 a redirect': [refused(307, 'TemporaryRedirect', elsewhere), {}, follow],
  'A20 a redirect of the oldest kind': [refused(300, '', elsewhere), {}, follow],
  'A20 a second redirect': [refused(307, '', elsewhere), { isRedirected: true }, stay('307')],
  'A20 a redirect to where we are': [refused(301, '', elsewhere), elsewhere, stay('301')],
  'A20 a redirect to nowhere': [refused(301, 'PermanentRedirect'), {}, stay('301 PermanentRedirect')],
  ...Object.fromEntries(
    ['AuthorizationHeaderMalformed', 'PermanentRedirect', 'IllegalLocationConstraintException'].map(
      code => [`A20 400 ${code} with a region`, [refused(400, code, elsewhere), {}, follow]] as [string, Row],
    ),
  ),
  'A20 400 without a region': [
    refused(400, 'AuthorizationHeaderMalformed'),
    {},
    fail('DEPS_RESPONSE', '400 AuthorizationHeaderMalformed', /speaks S3/),
  ],
  '400 of another kind with a region': [
    refused(400, 'NotPermanentRedirect', elsewhere),
    {},
    fail('DEPS_RESPONSE', '400 NotPermanentRedirect', /speaks S3/),
  ],
  '400 of one more kind with a region': [
    refused(400, 'PermanentRedirection', elsewhere),
    {},
    fail('DEPS_RESPONSE', '400 PermanentRedirection', /speaks S3/),
  ],
  '404 with a region': [
    refused(404, 'PermanentRedirect', elsewhere),
    {},
    fail('DEPS_NOT_FOUND', '404 PermanentRedirect', /publish/),
  ],
  'not modified, though nobody asked': [
    refused(304, '', elsewhere),
    {},
    fail('DEPS_RESPONSE', '304', /speaks S3/),
  ],
  'no content': [refused(204, '', elsewhere), {}, fail('DEPS_RESPONSE', '204', /speaks S3/)],
  'A21 a skewed clock': [refused(403, 'RequestTimeTooSkewed', { date: 7 }), {}, { do: 'clock', date: 7 }],
  'A21 a skewed clock, corrected': [
    refused(403, 'RequestTimeTooSkewed', { date: 7 }),
    { isClockCorrected: true },
    fail('DEPS_CLOCK', '403 RequestTimeTooSkewed', /set the clock/),
  ],
  'A21 a skewed clock, and no other': [
    refused(403, 'RequestTimeTooSkewed'),
    {},
    fail('DEPS_CLOCK', '403 RequestTimeTooSkewed', /set the clock/),
  ],
  ...Object.fromEntries(
    ['ExpiredToken', 'TokenRefreshRequired', 'InvalidToken', 'InvalidAccessKeyId'].flatMap(code => [
      [`A22 ${code}`, [refused(400, code), {}, { do: 'credentials' }]] as [string, Row],
      [
        `A22 ${code} of renewed credentials`,
        [refused(400, code), { isRenewed: true }, fail('DEPS_CREDS', `400 ${code}`, /renew the credentials/)],
      ] as [string, Row],
    ]),
  ),
  'A22 a wrong secret': [
    refused(403, 'SignatureDoesNotMatch'),
    {},
    fail('DEPS_CREDS', '403 SignatureDoesNotMatch', /secret access key/),
  ],
  'A4 no bucket': [refused(404, 'NoSuchBucket'), {}, fail('DEPS_NO_BUCKET', '404 NoSuchBucket', /create/)],
  'a bucket that is missed otherwise': [
    refused(403, 'NoSuchBucket'),
    {},
    fail('DEPS_ACCESS_DENIED', '403 NoSuchBucket', deniedHint),
  ],
  'A2 no key': [refused(404, 'NoSuchKey'), {}, fail('DEPS_NOT_FOUND', '404 NoSuchKey', /under a rollback/)],
  'A2 a delete marker': [
    refused(405, 'MethodNotAllowed'),
    {},
    fail('DEPS_NOT_FOUND', '405 MethodNotAllowed', /publish/),
  ],
  '405 of a proxy': [refused(405), {}, fail('DEPS_RESPONSE', '405', /speaks S3/)],
  'a code of 405 under another status': [
    refused(400, 'MethodNotAllowed'),
    {},
    fail('DEPS_RESPONSE', '400 MethodNotAllowed', /speaks S3/),
  ],
  'A5 503': [refused(503), {}, retry('503')],
  'A5 429 with a wait': [refused(429, '', { retryAfterMs: 1999 }), {}, retry('429', { afterMs: 1999 })],
  'A5 a wait that is too long': [
    refused(503, 'SlowDown', { retryAfterMs: 2001 }),
    {},
    retry('503 SlowDown', { afterMs: 2000 }),
  ],
  'A5 slow down, in other words': [
    refused(400, 'SlowDown', { retryAfterMs: 0 }),
    {},
    retry('400 SlowDown', { afterMs: 0 }),
  ],
  ...Object.fromEntries(
    [refused(503), refused(429), refused(400, 'SlowDown')].map((trouble, index) => {
      const found = ['503', '429', '400 SlowDown'][index] as string;
      return [`A6 ${found}, at last`, [trouble, last, fail('DEPS_THROTTLED', found, /spread/)]] as [
        string,
        Row,
      ];
    }),
  ),
  'A7 500': [refused(500, 'InternalError'), {}, retry('500 InternalError')],
  'A7 504, at last': [refused(504), last, fail('DEPS_RESPONSE', '504', /S3 has trouble/)],
  'a request that timed out over there': [refused(400, 'RequestTimeout'), {}, retry('400 RequestTimeout')],
  'a request that timed out over there, at last': [
    refused(400, 'RequestTimeout'),
    last,
    fail('DEPS_RESPONSE', '400 RequestTimeout', /S3 has trouble/),
  ],
  'A1 denied': [refused(403, 'AccessDenied'), {}, fail('DEPS_ACCESS_DENIED', '403 AccessDenied', deniedHint)],
  'A1 401 of a proxy': [refused(401), {}, fail('DEPS_ACCESS_DENIED', '401', deniedHint)],
  'A26 denied by KMS': [
    refused(403, 'AccessDenied', { message: 'not allowed: KMS:Decrypt' }),
    {},
    fail('DEPS_ACCESS_DENIED', '403 AccessDenied', /kms:Decrypt/),
  ],
  'A26 a word that is not KMS': [
    refused(403, 'AccessDenied', { message: 'bookmarks' }),
    {},
    fail('DEPS_ACCESS_DENIED', '403 AccessDenied', deniedHint),
  ],
  'a request that nobody understands': [
    refused(400, 'InvalidRequest'),
    {},
    fail('DEPS_RESPONSE', '400 InvalidRequest', /speaks S3/),
  ],
};

for (const [title, [trouble, before, expected]] of Object.entries(rows)) {
  const what = expected.do === 'fail' ? expected.code : expected.do;
  test(`${title}: ${what}`, t => {
    const verdict = decide(trouble, { ...start, ...before }, limits);
    if (verdict.do !== 'fail' || expected.do !== 'fail') return void t.deepEqual(verdict as object, expected);
    t.deepEqual({ ...verdict, hint: expected.hint }, expected as never);
    t.regex(verdict.hint, expected.hint);
  });
}

test('pauses have full jitter below a ceiling that doubles', t => {
  const bounds = { backoffMs: 10, backoffCapMs: 50 };
  t.deepEqual(
    [1, 2, 3, 4].map(attempts => pauseMs(attempts, bounds, () => 1)),
    [10, 20, 40, 50],
  );
  t.is(
    pauseMs(3, bounds, () => 0),
    0,
  );
});
