/** The smallest shared library that has what the check of native code looks at. */
export function makeElf(facts: {
  bits?: number;
  machine?: number;
  needed?: string;
  glibc?: string;
  symbol?: string;
}): Buffer {
  const {
    bits = 2,
    machine = 62,
    needed = 'libc.so.6',
    glibc = 'GLIBC_2.17',
    symbol = 'napi_register_module_v1',
  } = facts;
  const bytes = Buffer.alloc(1024);
  bytes.write('\x7fELF', 'latin1');
  bytes.set([bits, 1, 1], 4);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: number, size: number) => {
    bytes.writeUInt32LE(type, at);
    for (const [place, value] of [
      [8, offset],
      [16, offset],
      [32, size],
    ] as const)
      bytes.writeBigUInt64LE(BigInt(value), at + place);
  };
  segment(64, 1, 0, 1024);
  segment(120, 2, 256, 128);
  const strings = `\0${needed}\0${glibc}\0${symbol}\0`;
  bytes.write(strings, 512, 'latin1');
  const dynamic = [
    [5, 512],
    [10, strings.length],
    [1, 1],
    [0x6ffffffe, 768],
    [0x6fffffff, 1],
    [0, 0],
  ] as const;
  for (const [index, [tag, value]] of dynamic.entries()) {
    bytes.writeBigUInt64LE(BigInt(tag), 256 + index * 16);
    bytes.writeBigUInt64LE(BigInt(value), 264 + index * 16);
  }
  bytes.writeUInt16LE(1, 768);
  bytes.writeUInt16LE(1, 770);
  bytes.writeUInt32LE(16, 776);
  bytes.writeUInt32LE(strings.indexOf(glibc), 784 + 8);
  return bytes;
}
