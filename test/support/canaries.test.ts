/** The watch over the whole suite sees what it is meant to see. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { canariesIn, canary, refuseCanaries } from './canaries.ts';

const key = canary('key');

const forms: readonly (readonly [string, string])[] = [
  ['as it is', key],
  ['in capitals', key.toUpperCase()],
  ['in a text', `x-api-key: ${key}, and more`],
  ...['', 'a', 'ab', 'abc'].map((before): [string, string] => [
    `as base64 behind ${before.length} letters`,
    Buffer.from(`${before}${key}`).toString('base64'),
  ]),
  ['as base64url in a text', `token ${Buffer.from(`{"k":"${key}"}`).toString('base64url')}.x`],
];

for (const [name, text] of forms) {
  test(`a canary is found ${name}`, t => {
    t.is(canariesIn(text).length, 1);
    t.throws(() => refuseCanaries(text, 'a line'), { message: /^a secret shows in a line/ });
  });
}

test('other texts have none', t => {
  for (const text of ['', 'canary', 'CANARY-', 'CANARY-key', Buffer.from('canary').toString('base64')]) {
    t.deepEqual(canariesIn(text), []);
  }
});

test('a process of the suite that prints one fails', async t => {
  const watch = fileURLToPath(new URL('watch-output.ts', import.meta.url));
  const run = (text: string) =>
    promisify(execFile)(process.execPath, ['--import', watch, '-e', `console.log(${JSON.stringify(text)})`]);
  await t.notThrowsAsync(run('nothing'));
  await t.throwsAsync(run(`key ${key}`), { message: /a secret shows in output/ });
});
