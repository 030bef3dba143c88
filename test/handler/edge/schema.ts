/** One checker per source: is this answer what the source documents? Runs over every answer of the suite. */
import type { HttpSource } from '../../../handler/edge/classify.ts';

type Fields = Readonly<Record<string, unknown>>;

const allowed: Readonly<Record<HttpSource, readonly string[]>> = {
  'rest-v1': ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'],
  'http-v2': ['statusCode', 'headers', 'cookies', 'body', 'isBase64Encoded'],
  'function-url': ['statusCode', 'headers', 'cookies', 'body', 'isBase64Encoded'],
  alb: ['statusCode', 'statusDescription', 'headers', 'body', 'isBase64Encoded'],
  'alb-multi': ['statusCode', 'statusDescription', 'multiValueHeaders', 'body', 'isBase64Encoded'],
};

const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** What is wrong with an answer; empty where nothing is. */
export function schemaProblems(source: HttpSource, answer: unknown, method = 'GET'): string[] {
  if (!isFields(answer)) return [`the answer is no object (found ${typeof answer})`];
  const problems: string[] = [];
  const unknown = Object.keys(answer).filter(name => !allowed[source].includes(name));
  if (unknown.length > 0) problems.push(`fields that ${source} does not know: ${unknown.join(', ')}`);
  const { statusCode, body, isBase64Encoded } = answer;
  if (!Number.isInteger(statusCode) || Number(statusCode) < 100 || Number(statusCode) > 999) {
    problems.push(`statusCode ${String(statusCode)}`);
  }
  if (typeof body !== 'string') problems.push(`body is ${typeof body}`);
  if (typeof isBase64Encoded !== 'boolean') problems.push(`isBase64Encoded is ${typeof isBase64Encoded}`);
  if (isBase64Encoded === true && Buffer.from(String(body), 'base64').toString('base64') !== body) {
    problems.push('the body is not base64');
  }
  if ((statusCode === 204 || statusCode === 304 || method === 'HEAD') && body !== '') {
    problems.push(`a body with ${method} and ${String(statusCode)}`);
  }
  problems.push(...headProblems(source, answer));
  if (JSON.parse(JSON.stringify(answer)).body !== body) problems.push('the body does not survive JSON');
  return problems;
}

function headProblems(source: HttpSource, answer: Fields): string[] {
  const problems: string[] = [];
  const { headers, multiValueHeaders, cookies } = answer;
  const wantsSingle = source !== 'alb-multi';
  const wantsMulti = source === 'alb-multi' || source === 'rest-v1';
  if (wantsSingle && !isFields(headers)) problems.push('headers are missing');
  if (wantsMulti && !isFields(multiValueHeaders)) problems.push('multiValueHeaders are missing');
  for (const [name, value] of Object.entries(isFields(headers) ? headers : {})) {
    problems.push(...headerProblems(name, value));
  }
  for (const [name, values] of Object.entries(isFields(multiValueHeaders) ? multiValueHeaders : {})) {
    if (!Array.isArray(values) || values.length === 0) problems.push(`${name} is no list`);
    else problems.push(...values.flatMap(value => headerProblems(name, value)));
    if (isFields(headers) && name in headers) problems.push(`${name} is in both maps`);
  }
  if (
    cookies !== undefined &&
    !(Array.isArray(cookies) && cookies.every(cookie => typeof cookie === 'string'))
  ) {
    problems.push('cookies is no list of texts');
  }
  if (isFields(headers) && source !== 'alb' && source !== 'rest-v1' && 'set-cookie' in headers) {
    problems.push('set-cookie among the headers of format 2.0');
  }
  return problems;
}

function headerProblems(name: string, value: unknown): string[] {
  if (typeof value !== 'string') return [`${name} is ${typeof value}`];
  if (!token.test(name)) return [`${JSON.stringify(name)} is no token`];
  if (control.test(value)) return [`${name} has a control character`];
  if (/^(?:connection|transfer-encoding|keep-alive|upgrade)$/i.test(name)) return [`${name} is hop by hop`];
  return [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
