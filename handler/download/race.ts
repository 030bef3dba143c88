/** R4: the first of one or two requests to answer. The second starts only when the first is late. */
import type { IncomingMessage } from 'node:http';
import type { Flight } from './flight.ts';

/** No header in time, hedge included. */
export class NoAnswer extends Error {}

export interface Winner {
  readonly answer: IncomingMessage;
  readonly flight: Flight;
}

/**
 * Launches a request, and another one beside it when no header came within `firstByteMs`; the first answer wins
 * and the other connection is closed. Rejects when all that were launched failed, or with `NoAnswer` when
 * the second was late as well or `giveUpMs` have passed.
 */
export function firstAnswer(
  launch: () => Promise<Flight>,
  firstByteMs: number,
  giveUpMs: number,
): Promise<Winner> {
  const flights: Flight[] = [];
  let isOver = false;
  return new Promise<Winner>((resolve, reject) => {
    let pending = 0;
    const finish = (winner?: Flight) => {
      isOver = true;
      clearTimeout(hedge);
      clearTimeout(limit);
      for (const flight of flights) if (flight !== winner) flight.destroy();
    };
    const start = async () => {
      pending += 1;
      try {
        const flight = await launch();
        flights.push(flight);
        if (isOver) return flight.destroy();
        const answer = await flight.answer;
        if (isOver) return flight.destroy();
        finish(flight);
        resolve({ answer, flight });
      } catch (error) {
        pending -= 1;
        if (isOver || pending > 0) return;
        finish();
        reject(error);
      }
    };
    const lateMs = Math.min(2 * firstByteMs, giveUpMs);
    const hedge = setTimeout(start, firstByteMs);
    const limit = setTimeout(() => {
      finish();
      reject(new NoAnswer(`no header after ${Math.round(lateMs)} ms`));
    }, lateMs);
    void start();
  });
}
