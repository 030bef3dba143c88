/** The counter of steps agrees with the engine about what matches, and tells linear from worse. */
import test from 'ava';
import { isLinear, stepsIn } from './regexp-steps.ts';

const worse: readonly (readonly [RegExp, string])[] = [
  [/(a+)+$/, 'a'],
  [/a*$/, 'a'],
  [/\s+$/, ' '],
  [/(?:a|a)*b/, 'a'],
  [/".*"x/, '"'],
  [/_(?<=a_).*x/, 'a_'],
];

for (const [pattern, unit] of worse) {
  test(`worse than linear: ${pattern}`, t => {
    t.false(isLinear(length => pattern.test(`${unit.repeat(length)}!`), 150));
  });
}

const linear: readonly (readonly [RegExp, string])[] = [
  [/^(a|b)*$/, 'ab'],
  [/(\/\/)[^\s/@:]{1,50}:[^\s/@]{1,50}@/g, 'a:'],
  [/\bkey=\w{1,9}\b/gi, 'key='],
  [/^(?!x).{0,9}y/, 'a'],
  [/[_-](?<=\ba[bc]_)\w{3,9}/, 'ab_'],
];

for (const [pattern, unit] of linear) {
  test(`linear: ${pattern}`, t => {
    t.true(isLinear(length => unit.repeat(length).replace(pattern, ''), 250));
  });
}

test('every method of a text is counted, and nothing afterwards', t => {
  for (const work of [
    () => /a/.test('ba'),
    () => 'ba'.match(/a/),
    () => 'ba'.replace(/a/, ''),
    () => 'baa'.replaceAll(/a/g, ''),
    () => [...'ba'.matchAll(/a/g)],
    () => 'ba'.split(/a/),
    () => 'ba'.search(/a/),
  ]) {
    t.true(stepsIn(work) > 0, String(work));
  }
  t.is(
    stepsIn(() => 'none'),
    0,
  );
});
