/** Filter patterns of CloudWatch Logs as far as terms go. Pure. */
import { invalid } from '../api/input.ts';

/**
 * Whether a message matches: every term must be in it, no `-term`, and one of the `?terms` if there are any.
 * Throws `InvalidParameterException` for patterns over JSON and columns, which this server does not know.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function parseFilter(pattern: string): (message: string) => boolean {
  const trimmed = pattern.trim();
  if (/^[{[%]/.test(trimmed)) {
    throw invalid(
      'local-aws knows filter patterns of terms only: no JSON, no columns, no regular expressions',
    );
  }
  const terms = [...trimmed.matchAll(/([-?]?)(?:"((?:\\.|[^"\\])*)"|(\S+))/g)].map(
    ([, sign, quoted, plain]) => ({ sign, text: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '' }),
  );
  const of = (sign: string): readonly string[] =>
    terms.filter(term => term.sign === sign).map(({ text }) => text);
  const [all, none, any] = [of(''), of('-'), of('?')];
  return message =>
    all.every(text => message.includes(text)) &&
    !none.some(text => message.includes(text)) &&
    (any.length === 0 || any.some(text => message.includes(text)));
}
