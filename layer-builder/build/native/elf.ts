/**
 * Reads what an ELF file asks of the machine it runs on. https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
 * Only 64-bit little-endian files can run on Lambda, so only they are read further; every offset is checked.
 */

export interface Elf {
  /** `x86_64`, `arm64`, or the number of another machine, or the class of a file that is not 64-bit. */
  readonly machine: string;
  /** Shared libraries it asks for, e.g. `libc.so.6`. */
  readonly needed: readonly string[];
  /** Highest version of glibc's symbols it asks for, e.g. `2.28`. */
  readonly glibc: string | undefined;
  /** Highest version of libstdc++'s symbols it asks for, e.g. `3.4.29`. */
  readonly glibcxx: string | undefined;
  /** Loader that a program names, e.g. `/lib64/ld-linux-x86-64.so.2`; libraries name none. */
  readonly loader: string | undefined;
  /** Module ABI that it was compiled for, when it does not use Node-API. */
  readonly moduleAbi: number | undefined;
}

const asksNothing = {
  needed: [],
  glibc: undefined,
  glibcxx: undefined,
  loader: undefined,
  moduleAbi: undefined,
};
const machines: Readonly<Record<number, string>> = { 62: 'x86_64', 183: 'arm64' };
const dynamicSegment = 2;
const loadSegment = 1;
const loaderSegment = 3;
const tag = { needed: 1, strings: 5, stringsSize: 10, versions: 0x6ffffffe, versionCount: 0x6fffffff };

export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/** Undefined for object files and archives of them, which nothing loads. Throws RangeError when it is cut short. */
export function readElf(bytes: Buffer): Elf | undefined {
  const [kind, order] = [bytes[4], bytes[5]];
  if (kind !== 2 || order !== 1) {
    return { ...asksNothing, machine: kind === 1 ? '32-bit' : 'big-endian' };
  }
  const type = bytes.readUInt16LE(16);
  if (type !== 2 && type !== 3) return undefined;
  const number = bytes.readUInt16LE(18);
  const machine = machines[number] ?? `ELF machine ${number}`;
  const segments = readSegments(bytes);
  const dynamic = segments.find(segment => segment.type === dynamicSegment);
  if (!dynamic) return { ...asksNothing, machine };
  const entries = readDynamic(bytes, dynamic);
  const first = (wanted: number) => entries.find(([name]) => name === wanted)?.[1];
  const strings = offsetOf(first(tag.strings) ?? 0, segments);
  const textAt = (offset: number) => readText(bytes, strings + offset);
  const table = bytes.subarray(strings, strings + (first(tag.stringsSize) ?? 0)).toString('latin1');
  const abi = /node_register_module_v(\d+)/.exec(table)?.[1];
  const start = first(tag.versions);
  const versions =
    start === undefined
      ? []
      : neededVersions(bytes, offsetOf(start, segments), first(tag.versionCount) ?? 0, textAt);
  const loader = segments.find(segment => segment.type === loaderSegment);
  return {
    machine,
    needed: entries.filter(([name]) => name === tag.needed).map(([, value]) => textAt(value)),
    glibc: highest(versions, 'GLIBC_'),
    glibcxx: highest(versions, 'GLIBCXX_'),
    loader: loader && readText(bytes, loader.offset),
    moduleAbi: abi === undefined || table.includes('napi_register_module') ? undefined : Number(abi),
  };
}

/** Compares versions such as `2.34` part by part. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map(text => text.split('.').map(Number));
  for (let index = 0; index < Math.max(a?.length ?? 0, b?.length ?? 0); index++) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function readSegments(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function readDynamic(bytes: Buffer, segment: Segment): [number, number][] {
  const entries: [number, number][] = [];
  for (let at = segment.offset; at < segment.offset + segment.size; at += 16) {
    const name = Number(bytes.readBigUInt64LE(at));
    if (name === 0) break;
    entries.push([name, Number(bytes.readBigUInt64LE(at + 8))]);
  }
  return entries;
}

function offsetOf(address: number, segments: readonly Segment[]): number {
  const holder = segments.find(
    ({ type, address: start, size }) => type === loadSegment && address >= start && address < start + size,
  );
  if (!holder) throw new RangeError(`no segment holds address ${address}`);
  return address - holder.address + holder.offset;
}

function readText(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  if (end < 0 || end - at > 4096) throw new RangeError('a name without end');
  return bytes.toString('latin1', at, end);
}

/** Walks the list of needed versions: for each library, the versions of symbols asked of it, e.g. `GLIBC_2.34`. */
function neededVersions(
  bytes: Buffer,
  start: number,
  count: number,
  textAt: (offset: number) => string,
): string[] {
  const found: string[] = [];
  let at = start;
  for (let library = 0; library < Math.min(count, 1000); library++) {
    let entry = at + bytes.readUInt32LE(at + 8);
    for (let symbol = 0; symbol < bytes.readUInt16LE(at + 2); symbol++) {
      found.push(textAt(bytes.readUInt32LE(entry + 8)));
      entry += bytes.readUInt32LE(entry + 12);
    }
    at += bytes.readUInt32LE(at + 12);
  }
  return found;
}

function highest(names: readonly string[], prefix: string): string | undefined {
  const versions = names
    .filter(name => name.startsWith(prefix) && /^\d+(\.\d+)+$/.test(name.slice(prefix.length)))
    .map(name => name.slice(prefix.length));
  return versions.reduce<string | undefined>(
    (most, version) => (most === undefined || isNewer(version, most) ? version : most),
    undefined,
  );
}
