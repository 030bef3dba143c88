/** Hostile names, collisions and modes: rows C1 to C6. */
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import type { EntrySpec } from './write.ts';
import { makeZip } from './write.ts';

type Row = readonly [title: string, name: string | Buffer, code?: ZipErrorCode];

const traversals: readonly Row[] = [
  ['..', '..'],
  ['../', '../'],
  ['../evil', '../evil'],
  ['a/../../evil', 'a/../../evil'],
  ['a/../b', 'a/../b'],
  ['a/..', 'a/..'],
  ['.', '.'],
  ['./a', './a'],
  ['a/./b', 'a/./b'],
  ['a/.', 'a/.'],
  ['an empty component', 'a//b'],
  ['two slashes at the end', 'a//'],
  ['one slash alone', '/'],
  ['an absolute path', '/tmp/evil'],
  ['a UNC path', '//server/share/evil'],
  ['a drive', 'C:/evil'],
  ['a path on a drive', 'C:evil'],
  ['an NTFS stream', 'a.js:evil'],
  ['backslash traversal', '..\\evil'],
  ['backslash as separator', 'a\\b'],
  ['a backslash UNC path', '\\\\server\\share\\evil'],
  ['a backslash at the end', 'a\\'],
  ['no name', ''],
];

const unreadable: readonly Row[] = [
  ['NUL', 'a\0.js'],
  ['NUL before an extension', 'a.js\0.txt'],
  ['a newline', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['a terminal escape', 'a\u001b[2Jb'],
  ['DEL', 'a\u007f'],
  ['a C1 control', 'a\u0085b'],
  ['a bidi override', 'a\u202egpj.js'],
  ['a bidi isolate', 'a\u2066b'],
  ['an Arabic letter mark', 'a\u061cb'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['a byte order mark', '\ufeffa.js'],
  ['a zero-width space', 'a\u200bb'],
  ['a soft hyphen', 'a\u00adb'],
  ['a noncharacter', 'a\uffffb'],
  ['a tag character', 'a\u{e0041}b'],
  ['an overlong slash', Buffer.from('2e2ec0af6576696c', 'hex')],
  ['an overlong NUL', Buffer.from('61c08062', 'hex')],
  ['a surrogate in UTF-8', Buffer.from('61eda08062', 'hex')],
  ['a byte beyond Unicode', Buffer.from('61f490808062', 'hex')],
  ['a cut character', Buffer.from('61c3', 'hex')],
  ['Unicode form NFD', 'cafe\u0301.js'],
];

const long: readonly Row[] = [
  ['a component of 256 bytes', 'a'.repeat(256)],
  ['a component of 86 three-byte characters', '日'.repeat(86)],
  ['a path of 1,025 bytes', `${'abcdefg/'.repeat(127)}${'a'.repeat(9)}`],
  ['65 components', `${'a/'.repeat(64)}a`],
  ['5,000 bytes', `${'a/'.repeat(2_500)}a`],
  ['65,535 bytes', 'a'.repeat(65_535)],
];

const collisions: readonly (readonly [title: string, ...names: string[]])[] = [
  ['the same name', 'a', 'a'],
  ['the same folder', 'a/', 'a/'],
  ['case', 'Index.js', 'index.js'],
  ['case of a folder', 'Lib/a', 'lib/b'],
  ['case of a folder entry', 'Lib/', 'lib/b'],
  ['case of a folder entry behind its files', 'Lib/b', 'lib/'],
  ['ß and ss', 'straße', 'STRASSE'],
  ['capital ß and ss', 'STRAẞE', 'strasse'],
  ['the Greek sigmas', 'ΟΔΟΣ', 'οδος'],
  ['a ligature', 'ﬁle', 'file'],
  ['long s', 'ſtat', 'stat'],
  ['Turkish dotless i', 'ı', 'I'],
  ['a name and its trailing dot', 'a', 'a.'],
  ['a name and two trailing dots', 'a', 'a..'],
  ['a name and its trailing space', 'a', 'a '],
  ['a folder and its trailing dot', 'a/b', 'a./c'],
  ['a file, then a file below it', 'a', 'a/b'],
  ['a file below a file, then the file', 'a/b', 'a'],
  ['a file, then a file far below it', 'a', 'a/b/c/d'],
  ['a folder, then a file', 'a/', 'a'],
  ['a file, then a folder', 'a', 'a/'],
  ['a file, then a file below it in another case', 'A', 'a/b'],
];

const special: readonly (readonly [title: string, entry: EntrySpec])[] = [
  ['set-user-id', { name: 's', mode: 0o104755 }],
  ['set-group-id', { name: 's', mode: 0o102755 }],
  ['sticky', { name: 's', mode: 0o101755 }],
  ['set-user-id without a type', { name: 's', mode: 0o004755 }],
  ['a FIFO', { name: 's', mode: 0o010644 }],
  ['a character device', { name: 's', mode: 0o020644 }],
  ['a block device', { name: 's', mode: 0o060644 }],
  ['a socket', { name: 's', mode: 0o140644 }],
  ['an unknown type', { name: 's', mode: 0o170644 }],
  ['a folder by mode, a file by name', { name: 's', mode: 0o040755 }],
  [
    'a folder by its Unix type alone, a file by name',
    { name: 's', central: { attributes: 0o040755 * 0x10000 } },
  ],
  ['a file by mode, a folder by name', { name: 's/', mode: 0o100644 }],
  ['a folder by its DOS bit, a file by name', { name: 's', central: { attributes: 0x81a40010 } }],
  ['a volume label', { name: 's', central: { madeBy: 0x0014, attributes: 0x08 } }],
  ['a DOS device', { name: 's', central: { madeBy: 0x0014, attributes: 0x40 } }],
  ['a Windows reparse point', { name: 's', central: { madeBy: 0x0a14, attributes: 0x420 } }],
  [
    'a link that says it comes from DOS',
    { name: 's', data: '/etc/passwd', central: { madeBy: 0x0014, attributes: 0xa1ff0000 } },
  ],
];

const links: readonly (readonly [title: string, ...entries: EntrySpec[]])[] = [
  ['inside', { name: 'p/cli.js' }, link('.bin/p', '../p/cli.js')],
  ['absolute', link('l', '/etc/passwd')],
  ['upwards', link('l', '../../../../etc/passwd')],
  ['with a file written through it', link('d', '/tmp'), { name: 'd/evil' }],
  ['with a file of the same name', link('f', '/tmp/evil'), { name: 'f' }],
  ['in a chain', link('a', '.'), link('a/b', '..'), { name: 'a/b/evil' }],
  ['in a loop', link('a', 'b'), link('b', 'a')],
  ['with a long target', link('l', 'x/'.repeat(3_000))],
  ['with a packed target', { ...link('l', '../..'), method: 8 }],
  ['that is node_modules', link('nodejs/node_modules', '/tmp'), { name: 'nodejs/node_modules/evil.js' }],
  ['with the name of a folder', link('l/', '/tmp')],
];

export const nameRows: readonly HostileArchive[] = [
  ...traversals.map(row => named('C1', 'path', 'ZIP_NAME', row)),
  ...unreadable.map(row => named('C2', 'name with', 'ZIP_NAME', row)),
  named('C2', 'name with', 'ZIP_NAME', ['unflagged bytes', Buffer.from('636166e9', 'hex')], {
    both: { flags: 0 },
  }),
  ...long.map(row => named('C3', 'name with', 'ZIP_LIMIT', row)),
  {
    row: 'C3',
    title: '63,000 folders from 1,000 names',
    code: 'ZIP_LIMIT',
    zip: () =>
      makeZip({
        entries: Array.from({ length: 1_000 }, (_, index) => ({ name: `${index}${'/a'.repeat(63)}` })),
      }),
  },
  ...collisions.map(
    ([title, ...names]): HostileArchive => ({
      row: 'C4',
      title: `collision of ${title}`,
      code: 'ZIP_COLLISION',
      zip: () =>
        makeZip({
          entries: names.map((name, index) => ({ name, data: name.endsWith('/') ? '' : `${index}` })),
        }),
    }),
  ),
  ...links.map(
    ([title, ...entries]): HostileArchive => ({
      row: 'C5',
      title: `link ${title}`,
      code: 'ZIP_MODE',
      zip: () => makeZip({ entries }),
    }),
  ),
  ...special.map(
    ([title, entry]): HostileArchive => ({
      row: 'C6',
      title: `mode: ${title}`,
      code: 'ZIP_MODE',
      zip: () => makeZip({ entries: [{ name: 'ok.js', data: 'ok' }, entry] }),
    }),
  ),
];

function named(
  row: HostileArchive['row'],
  what: string,
  code: ZipErrorCode,
  [title, name]: Row,
  lies: Partial<EntrySpec> = {},
): HostileArchive {
  return {
    row,
    title: `${what} ${title}`,
    code,
    zip: () =>
      makeZip({
        entries: [
          { name: 'ok.js', data: 'ok' },
          { name, data: isFolder(name) ? '' : 'evil', ...lies },
        ],
      }),
  };
}

function isFolder(name: string | Buffer): boolean {
  return Buffer.from(name).at(-1) === 0x2f;
}

function link(name: string, target: string): EntrySpec {
  return { name, data: target, method: 0, mode: 0o120777 };
}
