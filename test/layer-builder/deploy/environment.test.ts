/** Filling the function's environment from the deployer's. */
import test from 'ava';
import { isCodedError } from '../../../artifact/error.ts';
import { fillEnvironment } from '../../../layer-builder/deploy/environment.ts';

test('a reference to the environment is filled in, a reference to SSM passes through', t => {
  t.deepEqual(fillEnvironment({ A: '${env:X}-${env:Y}', B: '${ssm:/path}', C: '' }, { X: '1', Y: '2' }), {
    A: '1-2',
    B: '${ssm:/path}',
    C: '',
  });
});

test('every variable that is not set is named at once', t => {
  const error = t.throws(() => fillEnvironment({ A: '${env:ONE}', B: '${env:TWO}${env:ONE}' }, { TWO: '' }));
  t.true(isCodedError(error) && error.code === 'ENVIRONMENT_MISSING');
  t.regex(error?.message ?? '', /expected ONE, TWO/);
});

test('more than 4,096 bytes are refused before anything is sent, without showing a value', t => {
  // DEPS_SOURCE, which the deployer adds, takes 16 bytes
  const value = 'é'.repeat(2040);
  t.notThrows(() => fillEnvironment({ A: value.slice(1) }, {}));
  const error = t.throws(() => fillEnvironment({ A: value }, {}));
  t.true(isCodedError(error) && error.code === 'ENVIRONMENT_TOO_LARGE');
  t.regex(error?.message ?? '', /at most 4096 bytes, found 4097 bytes/);
  t.notRegex(JSON.stringify(error) + error?.message, /é/);
});
