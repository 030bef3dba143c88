/** Whether a line shows what a client sent: run over the lines of every event of the suite (FAULTS.md E7). */
import { refuseCanaries } from '../../support/canaries.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Shorter ones are in every other line by chance. */
const shortest = 8;
const credential = /authorization|cookie|api-?key|token|secret/i;

/** Throws when a line shows a cookie, the value of a query or of a credential, a body or a canary. */
export function refuseInputs(lines: string, event: unknown): void {
  refuseCanaries(lines, 'a line');
  for (const input of inputsOf(event)) {
    const forms = [input, encodeURIComponent(input.toWellFormed()), JSON.stringify(input).slice(1, -1)];
    const found = forms.find(form => form.length >= shortest && lines.includes(form));
    if (found !== undefined) throw new Error(`a line shows what the event carried: ${found}`);
  }
}

function inputsOf(event: unknown): string[] {
  if (!isFields(event)) return [];
  const { headers, multiValueHeaders, cookies, body, rawQueryString } = event;
  const inputs = [
    ...textsOf(cookies),
    ...textsOf(event['queryStringParameters']),
    ...textsOf(event['multiValueQueryStringParameters']),
    ...(typeof rawQueryString === 'string' ? new URLSearchParams(rawQueryString).values() : []),
    ...textsOf(body),
  ];
  for (const map of [headers, multiValueHeaders]) {
    if (!isFields(map)) continue;
    for (const [name, values] of Object.entries(map))
      if (credential.test(name)) inputs.push(...textsOf(values));
  }
  return inputs;
}

/** The texts of a text, a list or an object. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
