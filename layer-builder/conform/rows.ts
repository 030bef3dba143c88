/** The fault list as rows: what the judge serves to a loader. FAULTS A, B, C; docs/conform.md lists them for readers. */
import * as fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { fail } from '../errors.ts';
import { hostileArchives } from './archives.ts';
import type { Step } from './chaos-s3.ts';
import {
  breakAfter,
  drip,
  etagOf,
  refuse,
  resetAtOnce,
  serve,
  serveRangeAs,
  silent,
  withoutLength,
} from './chaos-s3.ts';
import type { ArchiveRow, KillRow, LeftoverRow, Row, StoreRow } from './types.ts';

/** Every row; those of a folder of archives with MANIFEST.json as well when it is named. */
export function conformRows(archives?: string): readonly Row[] {
  return [
    ...storeRows,
    ...leftoverRows,
    ...killRows,
    { kind: 'many', id: 'B10', title: 'eight processes at once', processes: 8 },
    { kind: 'planted', id: 'B11', title: 'DEPS_DIR is a link to the folder of somebody else' },
    ...Object.entries(hostileArchives()).map(([title, zip]) => archiveRow(title, zip)),
    ...(archives === undefined ? [] : archivesIn(archives)),
  ];
}

const denied = refuse(403, 'AccessDenied');
const slowDown = refuse(503, 'SlowDown', { headers: { 'retry-after': '0' } });
const half = (zip: Buffer) => Math.floor(zip.length / 2);

function storeRow(
  name: string,
  script: (zip: Buffer) => readonly Step[],
  expect: Pick<StoreRow, 'codes' | 'requests'> = {},
): StoreRow {
  const [id = '', ...title] = name.split(' ');
  return { kind: 'store', id, title: title.join(' '), script, ...expect };
}

const storeRows: readonly StoreRow[] = [
  storeRow('A0 nothing is wrong', zip => [serve(zip)], { requests: 1 }),
  storeRow('A1 403 AccessDenied', () => [denied], { codes: ['DEPS_ACCESS_DENIED'], requests: 1 }),
  storeRow('A2 404 NoSuchKey', () => [refuse(404, 'NoSuchKey')], { codes: ['DEPS_NOT_FOUND'], requests: 1 }),
  storeRow('A4 404 NoSuchBucket', () => [refuse(404, 'NoSuchBucket')], {
    codes: ['DEPS_NO_BUCKET'],
    requests: 1,
  }),
  storeRow('A5 503 SlowDown twice, then the object', zip => [slowDown, slowDown, serve(zip)], {
    requests: 3,
  }),
  storeRow('A5 Retry-After of an hour, then the object', zip => [
    refuse(503, 'SlowDown', { headers: { 'retry-after': '3600' } }),
    serve(zip),
  ]),
  storeRow('A6 503 for ever', () => [slowDown], { codes: ['DEPS_THROTTLED'] }),
  storeRow('A7 500, then the object', zip => [refuse(500, 'InternalError'), serve(zip)], { requests: 2 }),
  storeRow(
    'A7 200 with an error in the body',
    () => [serve(Buffer.from('<Error><Code>InternalError</Code></Error>'))],
    {
      codes: ['DEPS_DIGEST'],
      requests: 2,
    },
  ),
  storeRow('A8 nobody listens', () => [], { codes: ['DEPS_UNREACHABLE'] }),
  storeRow('A8 connections are reset', () => [resetAtOnce], { codes: ['DEPS_UNREACHABLE'] }),
  storeRow('A9 no header, then a healthy connection', zip => [silent, serve(zip)]),
  storeRow('A9 no header ever', () => [silent], { codes: ['DEPS_TIMEOUT', 'DEPS_UNREACHABLE'] }),
  storeRow('A10 a stall mid-body, then a healthy connection', zip => [
    breakAfter(zip, half(zip), 'stall'),
    serve(zip),
  ]),
  storeRow('A10 a stall mid-body, for ever', zip => [breakAfter(zip, 9, 'stall')], {
    codes: ['DEPS_TIMEOUT', 'DEPS_UNREACHABLE'],
  }),
  storeRow('A11 a drip of one byte a second', zip => [drip(zip, 1000)], {
    codes: ['DEPS_TIMEOUT', 'DEPS_UNREACHABLE'],
  }),
  storeRow('A12 a reset mid-body', zip => [breakAfter(zip, half(zip), 'reset'), serve(zip)]),
  storeRow('A13 the end of the connection mid-body', zip => [breakAfter(zip, half(zip), 'fin'), serve(zip)]),
  storeRow('A14 cut short without a length', zip => [withoutLength(zip.subarray(0, half(zip))), serve(zip)]),
  storeRow('A15 a body longer than promised', zip => [withoutLength(Buffer.concat([zip, zip]))], {
    codes: ['DEPS_DIGEST'],
  }),
  storeRow('A16 one bit flipped, for ever', zip => [serve(flip(zip))], {
    codes: ['DEPS_DIGEST'],
    requests: 2,
  }),
  storeRow('A16 one bit flipped, once', zip => [serve(flip(zip)), serve(zip)], { requests: 2 }),
  storeRow('A17 another object after a break', zip => [
    breakAfter(zip, half(zip), 'reset'),
    refuse(412, 'PreconditionFailed'),
    serve(zip),
  ]),
  storeRow('A17 another object under the range that was asked for', zip => [
    breakAfter(zip, half(zip), 'reset'),
    serveRangeAs(flip(zip), '"another"', half(zip)),
    serve(zip),
  ]),
  storeRow('A18 a range that does not fit', zip => [
    breakAfter(zip, half(zip), 'reset'),
    serveRangeAs(zip, etagOf(zip), 7),
    serve(zip),
  ]),
  storeRow('A18 the range is ignored', zip => [
    breakAfter(zip, half(zip), 'reset'),
    withoutLength(zip, 'chunks'),
  ]),
  storeRow('A19 a proxy adds gzip', zip => [serve(gzipSync(zip), { 'content-encoding': 'gzip' })], {
    codes: ['DEPS_DIGEST'],
  }),
  storeRow(
    'A20 a redirect out of AWS',
    () => [refuse(307, 'TemporaryRedirect', { headers: { location: 'http://169.254.169.254/' } })],
    {
      codes: ['DEPS_REGION'],
      requests: 1,
    },
  ),
  storeRow(
    'A20 another region, named in a header',
    zip => [
      refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-1' } }),
      serve(zip),
    ],
    { requests: 2 },
  ),
  storeRow('A21 a clock that is corrected once', zip => [refuse(403, 'RequestTimeTooSkewed'), serve(zip)], {
    requests: 2,
  }),
  storeRow('A21 a clock that no correction cures', () => [refuse(403, 'RequestTimeTooSkewed')], {
    codes: ['DEPS_CLOCK'],
    requests: 2,
  }),
  storeRow(
    'A22 a token that is good when it is read again',
    zip => [refuse(400, 'ExpiredToken'), serve(zip)],
    {
      requests: 2,
    },
  ),
  storeRow('A22 an expired token', () => [refuse(400, 'ExpiredToken')], {
    codes: ['DEPS_CREDS'],
    requests: 2,
  }),
  storeRow('A23 a composite checksum header', zip => [serve(zip, { 'x-amz-checksum-sha256': 'AAAA-2' })], {
    requests: 1,
  }),
  storeRow(
    'A26 KMS denies',
    () => [refuse(403, 'AccessDenied', { message: 'not authorized to perform: kms:Decrypt' })],
    {
      codes: ['DEPS_ACCESS_DENIED'],
      requests: 1,
    },
  ),
];

const victim = 'nodejs/node_modules/small/index.mjs';

const leftoverRows: readonly LeftoverRow[] = [
  { kind: 'leftover', id: 'B7', title: 'a complete copy is used again', tamper: undefined, requests: 0 },
  leftover('B8 one byte changed', root => edit(`${root}/${victim}`, bytes => flip(bytes))),
  leftover('B8 a file more', root => fs.writeFileSync(`${root}/nodejs/node_modules/small/more.js`, '')),
  leftover('B8 a link more', root => fs.symlinkSync('/etc/passwd', `${root}/nodejs/node_modules/small/link`)),
  leftover('B9 a file is missing', root => fs.rmSync(`${root}/${victim}`)),
  leftover('B6 only half of the files', root => {
    for (const name of fs.readdirSync(`${root}/nodejs/node_modules/small`).slice(1)) {
      fs.rmSync(`${root}/nodejs/node_modules/small/${name}`);
    }
  }),
  leftover('B6 a file cut short', root => fs.truncateSync(`${root}/${victim}`, 5)),
];

const killRows: readonly KillRow[] = [
  { kind: 'kill', id: 'B6', title: 'killed when the request arrives', when: 'request' },
  { kind: 'kill', id: 'B6', title: 'killed after the headers', when: 'headers' },
  { kind: 'kill', id: 'B6', title: 'killed after half of the body', when: 'half' },
  ...[0, 1, 2, 4, 8, 16, 32].map(
    (msAfterBody): KillRow => ({
      kind: 'kill',
      id: 'B6',
      title: `killed ${msAfterBody} ms after the body`,
      when: { msAfterBody },
    }),
  ),
];

function leftover(name: string, tamper: (root: string) => void): LeftoverRow {
  const [id = '', ...title] = name.split(' ');
  return { kind: 'leftover', id, title: title.join(' '), tamper, requests: 1 };
}

function archiveRow(name: string, zip: Buffer): ArchiveRow {
  const [id = '', ...title] = name.split(' ');
  return { kind: 'archive', id, title: title.join(' '), zip };
}

/** `{ "files": [{ "path", "strict": "accept" | "reject" | "policy" }] }` */
function archivesIn(folder: string): ArchiveRow[] {
  const manifest = path.join(folder, 'MANIFEST.json');
  try {
    const { files } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as {
      files: readonly { path: string; strict: string }[];
    };
    return files
      .filter(({ strict }) => strict === 'reject')
      .map(({ path: name }) => archiveRow(`C ${name}`, fs.readFileSync(path.join(folder, name))));
  } catch (cause) {
    return fail('NOT_FOUND', `no archives (expected ${manifest} and what it lists, found ${String(cause)})`, {
      hint: 'MANIFEST.json lists the archives: {"files":[{"path":"a.zip","strict":"reject"}]}',
      cause,
    });
  }
}

function flip(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(half(bytes)) ^ 1, half(bytes));
  return copy;
}

function edit(file: string, change: (bytes: Buffer) => Buffer): void {
  fs.writeFileSync(file, change(fs.readFileSync(file)));
}
