/** Writes zips in which every field can lie: sound by default, hostile where a field is given. For tests alone. */
import { crc32, deflateRawSync } from 'node:zlib';
import { inSharedMemory, isTwoThreads } from '../threads.ts';

/** Fields that both headers have. A value given here replaces the honest one. */
export interface SharedFields {
  readonly needed?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly time?: number;
  readonly crc32?: number;
  readonly packed?: number;
  readonly size?: number;
  readonly name?: Buffer;
  readonly extra?: Buffer;
  readonly signature?: number;
  /** Length fields that disagree with what follows. */
  readonly nameLength?: number;
  readonly extraLength?: number;
}

export interface CentralFields extends SharedFields {
  readonly madeBy?: number;
  readonly disk?: number;
  readonly internal?: number;
  readonly attributes?: number;
  readonly offset?: number;
  readonly comment?: Buffer;
}

export interface EntrySpec {
  readonly name: string | Buffer;
  readonly data?: Buffer | string;
  /** @default 8 when there is data, else 0 */
  readonly method?: 0 | 8;
  /** Unix mode with its type. @default 0o100644, for names that end in a slash 0o040755 */
  readonly mode?: number;
  /** Packed bytes in place of the honest ones. */
  readonly packed?: Buffer;
  /** Data descriptor as a streaming writer adds it. */
  readonly descriptor?: boolean;
  /** The descriptor's bytes, in place of the honest ones. */
  readonly descriptorBytes?: Buffer;
  /** Lies in both headers, in one of them, bytes nobody owns before and after the entry. */
  readonly both?: SharedFields;
  readonly local?: SharedFields;
  readonly central?: CentralFields;
  readonly before?: Buffer;
  readonly after?: Buffer;
  /** Left out of the central directory, or written there alone. */
  readonly hidden?: 'from-directory' | 'from-data';
}

export interface EndFields {
  readonly disk?: number;
  readonly startDisk?: number;
  readonly here?: number;
  readonly entries?: number;
  readonly size?: number;
  readonly offset?: number;
  readonly comment?: Buffer;
  readonly commentLength?: number;
}

export interface ArchiveSpec {
  readonly entries: readonly EntrySpec[];
  readonly end?: EndFields;
  readonly prefix?: Buffer;
  readonly suffix?: Buffer;
  readonly beforeDirectory?: Buffer;
  readonly afterDirectory?: Buffer;
  /** Order of the central directory, by index of the entry. */
  readonly order?: readonly number[];
  /** zip64 end record and locator before the end record; the function may change their bytes. */
  readonly zip64?: (record: Buffer, locator: Buffer) => readonly Buffer[];
}

const descriptorFlag = 0x0008;
const utf8Flag = 0x0800;

/** Numbers little-endian: `[value, bytes]` in order. */
export function record(...fields: readonly (readonly [number, 2 | 4 | 8])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of fields) {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value), at);
    else buffer.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return buffer;
}

/** An extra field: tag, length, bytes. */
export function extraField(tag: number, bytes: Buffer): Buffer {
  return Buffer.concat([record([tag, 2], [bytes.length, 2]), bytes]);
}

export function makeZip(spec: ArchiveSpec): Buffer {
  const parts: Buffer[] = [spec.prefix ?? Buffer.alloc(0)];
  const central: (Buffer | undefined)[] = [];
  let at = parts[0]?.length ?? 0;
  for (const entry of spec.entries) {
    const made = makeEntry(entry, at + (entry.before?.length ?? 0));
    const data = entry.hidden === 'from-data' ? [] : made.data;
    const all = [entry.before ?? Buffer.alloc(0), ...data, entry.after ?? Buffer.alloc(0)];
    parts.push(...all);
    at += all.reduce((sum, part) => sum + part.length, 0);
    central.push(entry.hidden === 'from-directory' ? undefined : made.central);
  }
  const order = spec.order ?? central.map((_, index) => index);
  const listed = order.map(index => central[index]).filter(part => part !== undefined);
  const directory = Buffer.concat(listed);
  const start = at + (spec.beforeDirectory?.length ?? 0);
  const before = [...parts, spec.beforeDirectory ?? Buffer.alloc(0), directory];
  const end = start + directory.length;
  const zip = Buffer.concat([
    ...before,
    spec.afterDirectory ?? Buffer.alloc(0),
    ...(spec.zip64?.(...makeZip64(listed.length, directory.length, start, end)) ?? []),
    makeEnd(spec.end ?? {}, listed.length, directory.length, start),
    spec.suffix ?? Buffer.alloc(0),
  ]);
  return isTwoThreads ? inSharedMemory(zip) : zip;
}

function makeEntry(spec: EntrySpec, offset: number): { data: Buffer[]; central: Buffer } {
  const name = Buffer.from(spec.name);
  const content = Buffer.from(spec.data ?? '');
  const method = spec.method ?? (content.length > 0 ? 8 : 0);
  const packed = spec.packed ?? (method === 8 ? deflateRawSync(content, { level: 9 }) : content);
  const isAscii = name.every(byte => byte < 0x80);
  const honest = {
    needed: 20,
    flags: (isAscii ? 0 : utf8Flag) | (spec.descriptor ? descriptorFlag : 0),
    method,
    time: 0x00210000,
    crc32: crc32(content),
    packed: packed.length,
    size: content.length,
    name,
    extra: Buffer.alloc(0),
  };
  const later = spec.descriptor ? { crc32: 0, packed: 0, size: 0 } : {};
  const local = { ...honest, ...later, ...spec.both, ...spec.local };
  const central = { ...honest, ...spec.both, ...spec.central };
  const descriptor = record([0x08074b50, 4], [honest.crc32, 4], [packed.length, 4], [content.length, 4]);
  const mode = spec.mode ?? (name.at(-1) === 0x2f ? 0o040755 : 0o100644);
  return {
    data: [
      record([local.signature ?? 0x04034b50, 4]),
      shared(local),
      local.name,
      local.extra,
      packed,
      ...(spec.descriptor ? [spec.descriptorBytes ?? descriptor] : []),
    ],
    central: Buffer.concat([
      record([central.signature ?? 0x02014b50, 4], [central.madeBy ?? 0x031e, 2]),
      shared(central),
      record([central.comment?.length ?? 0, 2], [central.disk ?? 0, 2], [central.internal ?? 0, 2]),
      record([central.attributes ?? mode * 0x10000 + (mode & 0o040000 ? 0x10 : 0), 4]),
      record([central.offset ?? offset, 4]),
      central.name,
      central.extra,
      central.comment ?? Buffer.alloc(0),
    ]),
  };
}

type Complete = Required<Omit<SharedFields, 'signature' | 'nameLength' | 'extraLength'>> & SharedFields;

function shared(fields: Complete): Buffer {
  return record(
    [fields.needed, 2],
    [fields.flags, 2],
    [fields.method, 2],
    [fields.time, 4],
    [fields.crc32, 4],
    [fields.packed, 4],
    [fields.size, 4],
    [fields.nameLength ?? fields.name.length, 2],
    [fields.extraLength ?? fields.extra.length, 2],
  );
}

function makeEnd(end: EndFields, entries: number, size: number, offset: number): Buffer {
  const comment = end.comment ?? Buffer.alloc(0);
  return Buffer.concat([
    record(
      [0x06054b50, 4],
      [end.disk ?? 0, 2],
      [end.startDisk ?? 0, 2],
      [end.here ?? end.entries ?? entries & 0xffff, 2],
      [end.entries ?? entries & 0xffff, 2],
      [end.size ?? size, 4],
      [end.offset ?? offset, 4],
      [end.commentLength ?? comment.length, 2],
    ),
    comment,
  ]);
}

function makeZip64(entries: number, size: number, start: number, end: number): [Buffer, Buffer] {
  return [
    record(
      [0x06064b50, 4],
      [44, 8],
      [45, 2],
      [45, 2],
      [0, 4],
      [0, 4],
      [entries, 8],
      [entries, 8],
      [size, 8],
      [start, 8],
    ),
    record([0x07064b50, 4], [0, 4], [end, 8], [1, 4]),
  ];
}
