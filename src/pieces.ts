/** Many texts as one body that is made while it is sent: together they may be larger than there is memory for twice. */
import { Readable } from 'node:stream';

/** Characters that go out at once. */
const enough = 64 * 1024;

/** `texts` is read as fast as the client takes what is made of it. */
export function bodyOf(texts: Iterable<string>): Readable {
  return Readable.from(inPieces(texts), { objectMode: false });
}

function* inPieces(texts: Iterable<string>): Generator<Buffer> {
  let parts: string[] = [];
  let size = 0;
  for (const text of texts) {
    parts.push(text);
    size += text.length;
    if (size < enough) continue;
    yield Buffer.from(parts.join(''));
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.from(parts.join(''));
}
