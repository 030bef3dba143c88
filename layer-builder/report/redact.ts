/** The one place where secrets are taken out of everything that is printed. */

export interface Redactor {
  text(text: string): string;
  /** The same for every string inside plain data. */
  value(value: unknown): unknown;
}

/** Environment variables whose values are secrets, by the end of their names. */
const secretName =
  /(SECRET|SECRET_ACCESS_KEY|SESSION_TOKEN|TOKEN|PASSWORD|PASSWD|API_KEY|PRIVATE_KEY|AUTH)(__VALUE(__PREVIOUS)?)?$/i;

/** Shorter values are too common as plain words to be taken out of a text. */
const shortestSecret = 8;

const shapes: readonly [RegExp, string][] = [
  [/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+/gi, '$1[redacted]'],
  [/(authorization:?\s+(?:AWS4-HMAC-SHA256|Bearer|Basic)\s)[^\r\n"']+/gi, '$1[redacted]'],
  [/(\/\/)[^/\s:@"']{1,200}:[^/\s@"']{1,200}@/g, '$1[redacted]@'],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|npm_[A-Za-z0-9]{30,40})\b/g, '[redacted]'],
  [/(_authToken\s*=\s*)\S+/g, '$1[redacted]'],
];

/** Takes out the values of secret environment variables and what has the shape of a credential. */
export function makeRedactor(env: NodeJS.ProcessEnv): Redactor {
  const secrets = Object.entries(env)
    .filter(([name, value]) => secretName.test(name) && (value?.length ?? 0) >= shortestSecret)
    .map(([, value]) => value ?? '')
    .sort((a, b) => b.length - a.length);
  const text = (input: string) => {
    let result = input;
    for (const secret of secrets) result = result.replaceAll(secret, '[redacted]');
    for (const [shape, replacement] of shapes) result = result.replace(shape, replacement);
    return result;
  };
  return { text, value: input => inside(input, text) };
}

function inside(value: unknown, text: (input: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map(item => inside(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, text)]));
}
