/** Messages of `application/vnd.amazon.eventstream`: lengths, CRCs, string headers, payload. Pure. */
import { crc32 } from 'node:zlib';

/** One message. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes the frame. */
export function encodeMessage(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(encodeHeader));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + payload.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, head, payload]);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(message), 0);
  return Buffer.concat([message, end]);
}

/** Type 7: a string with a length of two bytes. */
function encodeHeader([name, value]: [string, string]): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.from([7, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), length, bytes]);
}
