/** What is printed: no secrets, no control characters, figures that read well. */
import test from 'ava';
import { nearest } from '../../../layer-builder/nearest.ts';
import { previousRelease } from '../../../layer-builder/plan/rollback.ts';
import { printable } from '../../../layer-builder/report/error.ts';
import { makeRedactor } from '../../../layer-builder/report/redact.ts';
import { bytes, count, table } from '../../../layer-builder/report/table.ts';
import { isLinear } from '../../support/regexp-steps.ts';

const redactor = makeRedactor({
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG',
  FAST_API__AUTH__API_KEY__VALUE: 'a-key-of-the-service',
  FAST_API__AUTH__API_KEY__NAME: 'x-api-key-name',
  MY_TOKEN: 'short',
});

const redacted: readonly [text: string, expected: string][] = [
  ['secret wJalrXUtnFEMI/K7MDENG!', 'secret [redacted]!'],
  ['key a-key-of-the-service', 'key [redacted]'],
  ['header x-api-key-name', 'header x-api-key-name'],
  ['a short word', 'a short word'],
  ['https://b.s3/k?X-Amz-Signature=0a1b&x=1', 'https://b.s3/k?X-Amz-Signature=[redacted]&x=1'],
  ['https://b.s3/k?X-Amz-Security-Token=IQoJ%2F', 'https://b.s3/k?X-Amz-Security-Token=[redacted]'],
  ['http://user:pass@host/x', 'http://[redacted]@host/x'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
  [`token ghp_${'a'.repeat(36)}`, 'token [redacted]'],
  ['//registry/:_authToken=npm', '//registry/:_authToken=[redacted]'],
];

for (const [text, expected] of redacted) {
  test(`redacted: ${expected}`, t => {
    t.is(redactor.text(text), expected);
    t.deepEqual(redactor.value({ list: [{ text }], number: 1, none: null }), {
      list: [{ text: expected }],
      number: 1,
      none: null,
    });
  });
}

for (const [start, unit] of [
  ['//', 'a:'],
  ['', '//a:'],
  ['authorization ', 'x'],
  ['', 'authorization Bearer '],
  ['X-Amz-Signature=', 'X-Amz-Signature='],
  ['', 'ghp_'],
  ['_authToken', ' '],
] as const) {
  test(`redaction takes steps in proportion to its text: ${JSON.stringify(start)}, then ${JSON.stringify(unit)} again and again`, t => {
    t.true(isLinear(length => redactor.text(start + unit.repeat(length / unit.length))));
  });
}

test('control characters and direction marks are shown, line feeds kept', t => {
  t.is(printable('a\u001b[31m\u202eb\nc\u0000'), 'a\\u001b[31m\\u202eb\nc\\u0000');
});

const words: readonly [word: string, nearest: string | undefined][] = [
  ['pulbish', 'publish'],
  ['PUBLISH', 'publish'],
  ['rolback', 'rollback'],
  ['xyz', undefined],
  ['', undefined],
];

for (const [word, expected] of words) {
  test(`the nearest command to "${word}" is ${expected ?? 'none'}`, t => {
    t.is(nearest(word, ['publish', 'rollback', 'gc', 'diff']), expected);
  });
}

test('figures read as people write them', t => {
  t.deepEqual([0, 999, 1000, 524_763, 999_950, 262_144_000].map(bytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '524.8 kB',
    '1.0 MB',
    '262.1 MB',
  ]);
  t.deepEqual([count(1, 'region'), count(1200, 'file')], ['1 region', '1,200 files']);
  t.deepEqual(
    table(
      [
        ['a', '1'],
        ['bcd', '22'],
      ],
      [1],
    ),
    ['a     1', 'bcd  22'],
  );
});

/** `x<a` is a rollback to a, which continues as x; newest first, as channels keep them. */
const moves = (...words: string[]) =>
  words
    .map(word => {
      const [release = '', rollback] = word.split('<');
      return { release, movedAt: '', movedBy: '', ...(rollback ? { rollback } : {}) };
    })
    .reverse();

test('a rollback undoes the steps after its target', t => {
  t.is(previousRelease(moves('a', 'b', 'c')), 'b');
  t.is(previousRelease(moves('a', 'b', 'c', 'b<b')), 'a');
  t.is(previousRelease(moves('a', 'b', 'c', 'b<b', 'd')), 'b');
  t.is(previousRelease(moves('a', 'b', 'a<a')), undefined);
  t.is(previousRelease(moves('a', 'b', 'c', 'x<b')), 'a');
  t.is(previousRelease(moves('a', 'b', 'a')), 'b');
  t.is(previousRelease(moves('a')), undefined);
  t.is(previousRelease([]), undefined);
});
