/** One event and its answer over the Runtime API, streamed answers and their errors included. */
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { RuntimeAnswer, RuntimeApi, RuntimeEvent } from './runtime-api.ts';

/** Takes a streamed response while it is made. */
export type StreamTaker = (contentType: string, body: IncomingMessage) => void;

/**
 * Delivers an event and resolves when the runtime asks for the next one. `broken` is the error that ended a
 * streamed response; without `onStream` such a response is collected.
 */
export async function exchange(
  api: RuntimeApi,
  event: RuntimeEvent,
  onStream: StreamTaker | undefined,
): Promise<{ answer: RuntimeAnswer; usedKib: number; broken?: Buffer | undefined }> {
  let answer = await api.deliver(event);
  if (answer.kind === 'stream') {
    if (onStream) onStream(answer.contentType, answer.body);
    else answer = await collected(answer.body);
  }
  const usedKib = await api.idle();
  if (answer.kind !== 'stream') return { answer, usedKib };
  // A caller that reads slowly may still have some of it to come.
  await finished(answer.body).catch(() => {});
  return { answer, usedKib, broken: streamError(answer.body) };
}

/** A streamed response for a caller that wants it whole. An error after the first byte comes in trailers. */
async function collected(body: IncomingMessage): Promise<RuntimeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const error = streamError(body);
  return error ? { kind: 'error', body: error } : { kind: 'response', body: Buffer.concat(chunks) };
}

/** The error that ended a streamed response, or undefined. */
function streamError(body: IncomingMessage): Buffer | undefined {
  const error = body.trailers['lambda-runtime-function-error-body'];
  return error === undefined ? undefined : Buffer.from(error, 'base64');
}
