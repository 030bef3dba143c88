/**
 * Joins archives, and moves checksum and sizes from the data descriptors that archiver writes into the local headers.
 *
 * archiver compresses as a stream and learns the sizes only afterwards, so it sets bit 3 and puts 16 bytes
 * behind each entry (APPNOTE 4.4.4, 4.3.9). Readers that walk the local headers, ours among them, then have
 * to trust the central directory for where an entry ends; without descriptors both say the same.
 */
const endSize = 22;
const centralSize = 46;
const localSize = 30;
const hasDescriptor = 0x0008;

/** Puts archives of our own making together as one; anything else about the entries stays as archiver wrote it. */
export function settleZip(zips: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let written = 0;
  for (const zip of zips) {
    const end = zip.length - endSize;
    const count = zip.readUInt16LE(end + 10);
    let at = zip.readUInt32LE(end + 16);
    for (let index = 0; index < count; index++) {
      const length =
        centralSize + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
      const entry = Buffer.from(zip.subarray(at, at + length));
      const from = entry.readUInt32LE(42);
      const header = Buffer.from(
        zip.subarray(from, from + localSize + zip.readUInt16LE(from + 26) + zip.readUInt16LE(from + 28)),
      );
      const data = zip.subarray(from + header.length, from + header.length + entry.readUInt32LE(20));
      const flags = entry.readUInt16LE(8) & ~hasDescriptor;
      entry.writeUInt16LE(flags, 8);
      // archiver sets MS-DOS's archive bit too; the Unix mode in the upper half says all.
      entry.writeUInt16LE(0, 38);
      entry.writeUInt32LE(written, 42);
      header.writeUInt16LE(flags, 6);
      // CRC, compressed and uncompressed size stand in the same order in both headers.
      entry.copy(header, 14, 16, 28);
      parts.push(header, data);
      central.push(entry);
      written += header.length + data.length;
      at += length;
    }
  }
  const tail = Buffer.from(zips[0]?.subarray(-endSize) ?? []);
  for (const at of [8, 10]) tail.writeUInt16LE(central.length, at);
  tail.writeUInt32LE(
    central.reduce((sum, entry) => sum + entry.length, 0),
    12,
  );
  tail.writeUInt32LE(written, 16);
  return Buffer.concat([...parts, ...central, tail]);
}
