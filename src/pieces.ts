/** Many texts as one body that is made while it is sent: together they may be larger than there is memory for twice. */
import { Readable } from 'node:stream';
import { passedBy } from './garbage.ts';

/** Bytes that go out at once. */
const pieceBytes = 64 * 1024;

/** `texts`, those in bytes in UTF-8, is read as fast as the client takes what is made of it. */
export function bodyOf(texts: Iterable<string | Buffer>): Readable {
  return Readable.from(inPieces(texts), { objectMode: false });
}

/** Pieces of one size, written in place: what is joined is copied twice, as text in two bytes a character. */
function* inPieces(texts: Iterable<string | Buffer>): Generator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let at = 0;
  for (const text of texts) {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    for (let done = 0; done < bytes.length; ) {
      const written = bytes.copy(piece, at, done);
      at += written;
      done += written;
      if (at < piece.length) continue;
      yield piece;
      passedBy(pieceBytes);
      piece = Buffer.allocUnsafeSlow(pieceBytes);
      at = 0;
    }
  }
  if (at > 0) yield piece.subarray(0, at);
}
