/** R4: receives a body under two watchdogs: one for silence, one for a trickle. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { pieceCollector } from '../memory.ts';
import type { DownloadLimits } from '../settings.ts';
import type { Parcel } from './parcel.ts';

/** How the body ended: whole, longer than promised, or broken off. */
export type BodyEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'tooLong' }
  | {
      readonly kind: 'broken';
      readonly reason: 'reset' | 'stall' | 'slow' | 'late';
      readonly cause?: unknown;
    };

/**
 * Feeds the body to the parcel until it ends, breaks off, falls silent for `stallMs`, trickles below
 * `minBytesPerSecond` over a window, or `untilMs` (monotonic) is reached. The connection is the caller's to close.
 */
export function receiveBody(
  answer: IncomingMessage,
  parcel: Parcel,
  limits: DownloadLimits,
  clock: Clock,
  untilMs: number,
): Promise<BodyEnd> {
  return new Promise(resolve => {
    const tickMs = Math.max(5, Math.min(limits.stallMs, limits.throughputWindowMs) / 4);
    let lastTick = clock.monotonic();
    let silentMs = 0;
    let windowMs = 0;
    let windowBytes = 0;
    const collect = pieceCollector();

    const finish = (end: BodyEnd) => {
      clearInterval(watch);
      clearTimeout(limit);
      answer.removeAllListeners('data');
      resolve(end);
    };
    const limit = setTimeout(
      () => finish({ kind: 'broken', reason: 'late' }),
      Math.max(0, untilMs - clock.monotonic()),
    );
    const watch = setInterval(() => {
      const now = clock.monotonic();
      // A tick that comes late (another artifact is being unpacked, or the environment was frozen) counts as two
      // at most: the bytes may be waiting in the socket, unread through no fault of the server.
      const elapsed = Math.min(now - lastTick, 2 * tickMs);
      lastTick = now;
      silentMs += elapsed;
      windowMs += elapsed;
      if (silentMs >= limits.stallMs) finish({ kind: 'broken', reason: 'stall' });
      else if (windowMs >= limits.throughputWindowMs) {
        if (windowBytes < (limits.minBytesPerSecond * windowMs) / 1000)
          finish({ kind: 'broken', reason: 'slow' });
        windowMs = 0;
        windowBytes = 0;
      }
    }, tickMs);

    answer.on('data', (chunk: Buffer) => {
      // what has passed of this tick already is no silence
      silentMs = -Math.min(clock.monotonic() - lastTick, 2 * tickMs);
      windowBytes += chunk.length;
      if (!parcel.write(chunk)) finish({ kind: 'tooLong' });
      collect(chunk.length);
    });
    answer.once('end', () => finish({ kind: 'end' }));
    answer.on('error', cause => finish({ kind: 'broken', reason: 'reset', cause }));
    answer.once('close', () => finish({ kind: 'broken', reason: 'reset' }));
  });
}
