/** The clients of services that tell which address a request comes from. */

import { HttpError } from '../http/errors.ts';
import { ask, type Measure, readText, secondsSince } from './http.ts';

export interface AddressAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Seconds. */
  readonly duration: number;
}

const deadline = 4000;
const mostText = 4096;

/** Asks one service. Throws `HttpError` 502 or 504. */
export async function readAddress(url: URL, measure: Measure, signal: AbortSignal): Promise<AddressAnswer> {
  const start = performance.now();
  const service = url.hostname;
  const reply = await ask({ service, url, headers: { Accept: 'text/plain' }, signal, deadline, measure });
  if (reply.status !== 200) {
    reply.body.resume();
    throw new HttpError(502, `${service} answered ${reply.status}`);
  }
  const text = (await readText(reply, service, mostText)).trim();
  return { headers: reply.shown, text, duration: secondsSince(start) };
}
