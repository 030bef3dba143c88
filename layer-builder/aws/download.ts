/** Code of layers and functions from the addresses that Lambda hands out. */
import type { Caller } from './calls.ts';

const downloadTimeoutMs = 60_000;

/** Downloads one zip, never more than `limit` bytes; undefined when it is larger. The address is signed: no log shows it. */
export async function downloadCode(
  call: Caller,
  resource: string,
  location: string,
  limit: number,
): Promise<Buffer | undefined> {
  return await call({ action: 'the download of code', resource }, async ({ abortSignal }) => {
    const timeout = AbortSignal.timeout(downloadTimeoutMs);
    const answer = await fetch(location, {
      signal: abortSignal ? AbortSignal.any([abortSignal, timeout]) : timeout,
    });
    if (!answer.ok)
      throw Object.assign(new Error(`status ${answer.status}`), {
        $metadata: { httpStatusCode: answer.status },
      });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body ?? []) {
      size += chunk.length;
      if (size > limit) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  });
}
