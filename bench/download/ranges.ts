/** The road not taken: one object over several connections, put together and hashed in order. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LockArtifact } from '../../artifact/lock.ts';
import { send } from '../../handler/download/flight.ts';
import { signGet } from '../../handler/download/sign.ts';
import { targetOf, urlOf } from '../../handler/download/target.ts';
import type { LoaderSettings } from '../../handler/settings.ts';

/**
 * Downloads an artifact in `parts` ranges. The lock does not know the ETag: the headers of the first range tell it, and
 * only then can the others ask with `If-Match`. Throws when a status or the digest is wrong; nothing is repeated.
 */
export async function downloadRanges(
  artifact: LockArtifact,
  settings: LoaderSettings,
  parts: number,
): Promise<Buffer> {
  const target = targetOf(artifact, settings.region);
  const url = urlOf(target, settings);
  const credentials = await settings.credentials(settings.deadlineMs);
  const { size } = artifact;
  const step = Math.ceil(size / parts);
  const ranges = Array.from({ length: parts }, (_, index) => ({
    start: index * step,
    end: Math.min(size, (index + 1) * step),
  })).map(range => ({ ...range, filled: range.start }));
  const buffer = Buffer.allocUnsafeSlow(size);
  const hash = createHash('sha256');
  let hashed = 0;

  const ask = async (range: (typeof ranges)[number], etag: string | undefined): Promise<IncomingMessage> => {
    const headers = {
      range: `bytes=${range.start}-${range.end - 1}`,
      ...(etag !== undefined && { 'if-match': etag }),
    };
    const as = { credentials, region: target.region, at: new Date(settings.clock.wall()) };
    const answer = await send(url, signGet(url, headers, as), settings.limits.connectMs).answer;
    if (answer.statusCode !== 206) throw new Error(`status ${answer.statusCode} (expected 206)`);
    return answer;
  };
  const receive = async (range: (typeof ranges)[number], answer: IncomingMessage): Promise<void> => {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      buffer.set(chunk, range.filled);
      range.filled += chunk.length;
      for (const { end, filled } of ranges) {
        if (hashed >= end) continue;
        hash.update(buffer.subarray(hashed, filled));
        hashed = filled;
        if (filled < end) break;
      }
    }
  };

  const [first, ...others] = ranges;
  if (first === undefined) throw new Error('no range');
  const answer = await ask(first, undefined);
  await Promise.all([
    receive(first, answer),
    ...others.map(async range => receive(range, await ask(range, answer.headers.etag))),
  ]);
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== artifact.digest) throw new Error(`digest ${digest} (expected ${artifact.digest})`);
  return buffer;
}
