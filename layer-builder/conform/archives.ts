/** Hostile archives, each with one fault, written byte by byte: no honest library would. */
import { crc32, deflateRawSync } from 'node:zlib';

interface Entry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** Unix mode with its type bits. @default 0o100644 */
  readonly mode?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly deflate?: boolean;
  /** Lies: what the headers say instead. */
  readonly says?: {
    readonly crc?: number;
    readonly size?: number;
    readonly localName?: string;
    readonly extra?: Buffer;
  };
}

interface Frame {
  readonly prefix?: Buffer;
  readonly suffix?: Buffer;
  readonly gap?: Buffer;
  readonly count?: number;
  readonly comment?: Buffer;
}

const file = 'nodejs/node_modules/small/index.js';
const good: Entry = { name: file, content: 'module.exports = 1;\n' };
const named = (name: string | Buffer): Entry[] => [good, { name, content: 'x' }];

/** Title → archive. Each must be refused before anything of it is written where it could be used. */
export function hostileArchives(): Readonly<Record<string, Buffer>> {
  return {
    'C1 a path that leaves by ..': zipOf(named('nodejs/../../../../escaped')),
    'C1 an absolute path': zipOf(named('/tmp/escaped-by-conform')),
    'C1 a path with a drive': zipOf(named('C:/escaped')),
    'C1 a path with a backslash': zipOf(named('nodejs\\..\\..\\escaped')),
    'C2 a NUL in a name': zipOf(named('nodejs/a\0b')),
    'C2 an escape sequence in a name': zipOf(named('nodejs/\u001b[2Ja')),
    'C2 invalid UTF-8 in a name': zipOf([
      good,
      { name: Buffer.from([0x61, 0xff, 0xfe]), content: 'x', flags: 0x800 },
    ]),
    'C3 a name component of 300 bytes': zipOf(named(`nodejs/${'n'.repeat(300)}`)),
    'C3 a path 200 folders deep': zipOf(named(`${'d/'.repeat(200)}x`)),
    'C4 the same name twice': zipOf([good, { ...good, content: 'module.exports = 2;\n' }]),
    'C4 names that differ in case only': zipOf(
      named(file.toUpperCase().replace('NODEJS/NODE_MODULES', 'nodejs/node_modules')),
    ),
    'C4 a file that is also a folder': zipOf(named(`${file}/inside`)),
    'C5 a link to an absolute path': zipOf([
      good,
      { name: 'nodejs/link', content: '/etc/passwd', mode: 0o120777 },
    ]),
    'C5 a link and a file written through it': zipOf([
      { name: 'nodejs/link', content: '../../../..', mode: 0o120777 },
      { name: 'nodejs/link/escaped', content: 'x' },
    ]),
    'C6 a set-user-id file': zipOf([good, { name: 'nodejs/su', content: 'x', mode: 0o104755 }]),
    'C6 a FIFO': zipOf([good, { name: 'nodejs/pipe', content: '', mode: 0o010644 }]),
    'C8 a bomb': zipOf([good, { name: 'nodejs/bomb', content: Buffer.alloc(30_000_000), deflate: true }]),
    'C8 a size that lies low': zipOf([
      { ...good, content: Buffer.alloc(5_000_000), deflate: true, says: { size: 10 } },
    ]),
    'C9 more entries claimed than there are': zipOf([good], { count: 65_534 }),
    'C10 another name in the local header': zipOf([
      { ...good, says: { localName: file.replace('index', 'other') } },
    ]),
    'C11 bytes before the archive': zipOf([good], { prefix: Buffer.from('#!/bin/sh\n') }),
    'C11 bytes after the archive': zipOf([good], { suffix: Buffer.from('more') }),
    'C11 a gap before the directory': zipOf([good], { gap: Buffer.alloc(16) }),
    'C11 a comment that hides an end record': zipOf([good], {
      comment: Buffer.from('PK\u0005\u0006'.padEnd(22, '\0')),
    }),
    'C12 an extra field that overflows': zipOf([
      { ...good, says: { extra: Buffer.from([0x01, 0x00, 0xff, 0xff]) } },
    ]),
    'C13 an encrypted entry': zipOf([{ ...good, flags: 1 }]),
    'C13 an unknown method': zipOf([{ ...good, method: 99 }]),
    'C14 a deflate stream of nonsense': zipOf([{ ...good, method: 8 }]),
    'C15 a wrong CRC-32': zipOf([{ ...good, says: { crc: 1 } }]),
    'C15 cut short': zipOf([good]).subarray(0, -9),
    'C15 nothing at all': Buffer.alloc(22),
  };
}

/** Local headers, central directory, end record; honest except where an entry or the frame lies. */
function zipOf(entries: readonly Entry[], frame: Frame = {}): Buffer {
  const locals: Buffer[] = [frame.prefix ?? Buffer.alloc(0)];
  const central: Buffer[] = [];
  let at = frame.prefix?.length ?? 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    const data = entry.deflate ? deflateRawSync(content) : content;
    const name = Buffer.from(entry.name);
    const localName = Buffer.from(entry.says?.localName ?? name);
    const extra = entry.says?.extra ?? Buffer.alloc(0);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.flags ?? 0, 2);
    common.writeUInt16LE(entry.method ?? (entry.deflate ? 8 : 0), 4);
    common.writeUInt32LE(0x00_21_00_00, 6);
    common.writeUInt32LE(entry.says?.crc ?? crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(entry.says?.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    common.writeUInt16LE(extra.length, 24);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(at, 10);
    central.push(signature(0x0201_4b50), Buffer.from([20, 3]), common, rest, name, extra);
    const local = Buffer.concat([signature(0x0403_4b50), common, localName, extra, data]);
    locals.push(local);
    at += local.length;
  }
  const gap = frame.gap ?? Buffer.alloc(0);
  const directory = Buffer.concat(central);
  const comment = frame.comment ?? Buffer.alloc(0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(frame.count ?? entries.length, 4);
  end.writeUInt16LE(frame.count ?? entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at + gap.length, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([
    ...locals,
    gap,
    directory,
    signature(0x0605_4b50),
    end,
    comment,
    frame.suffix ?? Buffer.alloc(0),
  ]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
