/** Which failures a later try may cure, as docs/resolution.md tells it; and several failures in one. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { HandlerErrorCode } from '../../../handler/errors.ts';
import { HandlerError } from '../../../handler/errors.ts';
import { incomplete, isRetriable } from '../../../handler/retriable.ts';
import { makeArtifact, smallPackage } from '../../support/artifact.ts';

const { artifact } = await makeArtifact(smallPackage);
const all = ['one', 'two', 'three'].map(name => ({ ...artifact, name }));

/** `| codes | what happened | what to do | later |` */
const page = readFileSync(new URL('../../../docs/resolution.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| (`(?:DEPS|LOCK|ZIP)_.+?`) \|.+\| (✔?)\s*\|$/gm)].flatMap(
  ([, codes = '', later]) =>
    [...codes.matchAll(/`([A-Z_]+)`/g)].map(
      ([, code = '']) => [code as HandlerErrorCode, later === '✔'] as const,
    ),
);

test('the table of errors says of each code whether a later try may help, and it is so', t => {
  t.true(rows.length > 20, `${rows.length}`);
  for (const [code, later] of rows) t.is(isRetriable(new HandlerError(code, 'any')), later, code);
});

const moment = new HandlerError('DEPS_THROTTLED', 'later', { hint: 'wait', details: { status: 503 } });
const never = new HandlerError('DEPS_REGION', 'never');

test('the failure of one artifact that was wanted alone is its own', t => {
  t.is(incomplete(all.slice(0, 1), [{ name: 'one', error: moment }]), moment);
  t.is(incomplete(all, []), undefined);
});

test('A24 several artifacts: every outcome is told, with the facts of each', t => {
  const bug = new TypeError('a bug');
  const error = incomplete(all, [
    { name: 'one', error: moment },
    { name: 'three', error: bug },
  ]) as HandlerError;
  t.is(error.code, 'DEPS_INCOMPLETE');
  t.is(
    error.message,
    'not all artifacts could be loaded (expected 3, found 1; failed: one DEPS_THROTTLED, three INTERNAL)',
  );
  t.is(error.hint, 'wait');
  t.is(error.cause, moment);
  t.deepEqual(error.details, {
    outcomes: [
      { name: 'one', code: 'DEPS_THROTTLED', message: 'later', hint: 'wait', details: { status: 503 } },
      { name: 'two', code: null },
      { name: 'three', code: 'INTERNAL', message: 'TypeError: a bug' },
    ],
  });
  t.is((incomplete(all, [{ name: 'two', error: never }]) as HandlerError).hint, undefined);
});

test('several failures are worth a later try when each of them is', t => {
  const failures = [
    { name: 'one', error: moment },
    { name: 'two', error: moment },
  ];
  t.true(isRetriable(incomplete(all, failures)));
  t.false(isRetriable(incomplete(all, [...failures, { name: 'three', error: never }])));
  t.false(isRetriable(incomplete(all, [...failures, { name: 'three', error: new Error('a bug') }])));
});

test('only foreseen failures of the moment are worth a later try', t => {
  t.false(isRetriable(new Error('a bug')));
  t.false(isRetriable(undefined));
});
