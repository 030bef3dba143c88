/** A coded error as two lines for people and as one JSON object. */
import type { CodedError } from '../../artifact/error.ts';

/** `error CODE: what happened (expected …, found …)` and, when there is one, `hint: what to do next`. */
export function formatError(error: CodedError): string {
  const line = `error ${error.code}: ${printable(error.message)}`;
  return error.hint === undefined ? line : `${line}\nhint: ${printable(error.hint)}`;
}

/** The value of `error` in the `--json` document. */
export function describeError(error: CodedError) {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
    details: error.details,
  };
}

/**
 * Text with its control characters escaped, line feeds excepted: a hostile file name, record or server answer must
 * neither move the cursor nor forge what is read from right to left.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
