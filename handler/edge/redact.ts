/** Takes secrets out of everything that is logged: by the name of a header or parameter, by shape, by value. */

/** Names of headers whose values are credentials. A service adds its own with `EDGE_REDACT_HEADERS`. */
const secretHeader = /^(?:proxy-)?authorization$|cookie|api-?key|token|secret|password|signature|credential/i;

/** `name=value` and `"name":"value"` where the name says that the value is a credential. */
const namedSecret =
  /((?:api[-_]?key|token|secret|password|passwd|signature|credential|authorization)[\w.-]{0,32}["']?\s{0,4}[=:]\s{0,4}["']?)(?:(?:Bearer|Basic|token)\s{1,4})?[^\s&"',;}]+/gi;
const scheme = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;
/** GitHub, AWS, Slack, JSON Web Token and URLs with a password. */
const shaped =
  /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[a-z]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g;
const userInfo = /(\/\/)[^\s/@:]{1,256}:[^\s/@]{1,256}@/g;

export const redacted = '[redacted]';

/** True for a header whose value must not be logged. */
export function isSecretHeader(name: string, more: readonly string[]): boolean {
  return secretHeader.test(name) || more.includes(name.toLowerCase());
}

/** A text that may hold anything (an error message, a URL) → the same without credentials. */
export function redactText(text: string, values: readonly string[]): string {
  let clean = text.length > maximum ? `${text.slice(0, maximum)}…` : text;
  for (const value of values) {
    if (value.length >= 4) clean = clean.replaceAll(value, redacted);
  }
  return clean
    .replace(userInfo, `$1${redacted}@`)
    .replace(scheme, `$1 ${redacted}`)
    .replace(namedSecret, `$1${redacted}`)
    .replace(shaped, redacted);
}

/** Characters of one text in a log line; it also bounds the work of the patterns above. */
const maximum = 4096;
