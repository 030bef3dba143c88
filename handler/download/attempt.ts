/** R4: one attempt at the rest of an artifact: signed, hedged, watched, and closed whatever happens. */
import type { IncomingMessage } from 'node:http';
import type { LoaderSettings } from '../settings.ts';
import { readRefusal } from './answer.ts';
import { receiveBody } from './body.ts';
import type { Trouble } from './decide.ts';
import type { Flight } from './flight.ts';
import { NoConnection, send } from './flight.ts';
import type { Parcel } from './parcel.ts';
import type { Winner } from './race.ts';
import { firstAnswer, NoAnswer } from './race.ts';

/** Moments of the attempt on the monotonic clock, for the phases. */
export interface Moments {
  connectedAt?: number | undefined;
  answeredAt?: number | undefined;
}

/**
 * Asks for the object from where the parcel ends. Undefined when the parcel is complete (its digest is still to be
 * checked), else what went wrong.
 */
export async function attempt(
  url: URL,
  sign: (headers: Record<string, string>) => Record<string, string>,
  parcel: Parcel,
  settings: Pick<LoaderSettings, 'limits' | 'clock'>,
  untilMs: number,
  moments: Moments,
): Promise<Trouble | undefined> {
  const { limits, clock } = settings;
  const endMs = Math.min(untilMs, clock.monotonic() + limits.attemptMs);
  const left = () => Math.max(1, endMs - clock.monotonic());
  const range = continuation(parcel);
  const flights: Flight[] = [];
  const launch = async (): Promise<Flight> => {
    const flight = send(url, sign(range), limits.connectMs);
    flight.connected.then(() => {
      moments.connectedAt ??= clock.monotonic();
    });
    flights.push(flight);
    return flight;
  };
  try {
    const winner = await answered(() => firstAnswer(launch, limits.firstByteMs, left()));
    if ('kind' in winner) return winner;
    moments.answeredAt = clock.monotonic();
    const { answer } = winner;
    const refused = await judgeHead(answer, parcel, Math.min(limits.firstByteMs, left()));
    if (refused !== undefined) return refused;
    const end = await receiveBody(answer, parcel, limits, clock, endMs);
    if (end.kind === 'tooLong') return { kind: 'wrong', found: `more than ${parcel.size} bytes` };
    // Broken off behind the last byte: nothing is missing, and the digest will tell.
    if (end.kind === 'broken' && parcel.filled < parcel.size) {
      if (end.reason !== 'reset') return { kind: 'silent', reason: end.reason };
      return { kind: 'reset', reason: `the connection broke after ${parcel.filled} of ${parcel.size} bytes` };
    }
    // A body cut short without a length ends normally: only our own count tells.
    if (parcel.filled < parcel.size) return { kind: 'wrong', found: `${parcel.filled} bytes` };
    return undefined;
  } finally {
    for (const flight of flights) flight.destroy();
  }
}

/** Only a strong ETag promises the same bytes: without one there is nothing to continue. */
function continuation(parcel: Parcel): Record<string, string> {
  if (parcel.etag === undefined || parcel.filled === 0) {
    parcel.restart();
    return {};
  }
  return { range: `bytes=${parcel.filled}-${parcel.size - 1}`, 'if-match': parcel.etag };
}

async function answered(ask: () => Promise<Winner>): Promise<Winner | Trouble> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAnswer) return { kind: 'silent', reason: 'first byte' };
    if (error instanceof NoConnection) return { kind: 'unreachable', reason: error.message };
    const { code } = error as NodeJS.ErrnoException;
    // No code: not the network's fault but ours, and no retry would cure it
    if (code === undefined) throw error;
    return { kind: 'unreachable', reason: code };
  }
}

/** Status and headers: undefined when the body that follows continues the parcel. */
async function judgeHead(
  answer: IncomingMessage,
  parcel: Parcel,
  timeoutMs: number,
): Promise<Trouble | undefined> {
  const { statusCode: status, headers } = answer;
  if (status !== 200 && status !== 206) {
    const refusal = await readRefusal(answer, timeoutMs);
    return { kind: 'refused', refusal, hadRange: parcel.filled > 0 };
  }
  if (status === 206) {
    const fits = headers['content-range'] === `bytes ${parcel.filled}-${parcel.size - 1}/${parcel.size}`;
    if (!fits || headers.etag !== parcel.etag) return { kind: 'otherRange' };
  } else {
    // Whatever range was asked for, this is the whole object: what we have is forgotten.
    parcel.restart();
  }
  const length = headers['content-length'];
  const expected = parcel.size - parcel.filled;
  if (length !== undefined && Number(length) !== expected) {
    const encoding = headers['content-encoding']
      ? `, content-encoding ${quoted(headers['content-encoding'])}`
      : '';
    return { kind: 'wrong', found: `${Number(length)} bytes${encoding}` };
  }
  const { etag } = headers;
  parcel.etag = etag !== undefined && /^"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? etag : undefined;
  return undefined;
}

function quoted(header: string): string {
  return JSON.stringify(header.slice(0, 40)).replace(/[^\x20-\x7e]/g, '?');
}
