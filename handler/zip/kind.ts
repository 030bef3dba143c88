/** What an entry is: file, folder or link; anything else is refused. */
import type { FaultPlace } from './fault.ts';
import { zipFault } from './fault.ts';

export type Kind = 'file' | 'folder' | 'link';

/** Systems whose attributes we can read (APPNOTE 4.4.2): DOS, Unix, NTFS, macOS. */
const hosts = { dos: 0, unix: 3, ntfs: 10, macos: 19 };

const typeMask = 0o170000;
const types = { none: 0, folder: 0o040000, file: 0o100000, link: 0o120000 };
const specialBits = 0o7000;
/** DOS and Windows attributes: volume label, device, reparse point. */
const dosSpecial = 0x08 | 0x40 | 0x400;
const dosFolder = 0x10;

/**
 * Kind and mode from the attributes of the central header. All places that can say "folder" must agree: the slash
 * at the end of the name, the Unix type, the DOS bit. Throws `ZIP_MODE`, `ZIP_UNSUPPORTED`.
 */
export function readKind(
  madeBy: number,
  attributes: number,
  slash: boolean,
  place: FaultPlace,
): { kind: Kind; mode: 0o644 | 0o755 } {
  const host = madeBy >>> 8;
  if (!Object.values(hosts).includes(host)) {
    throw zipFault('ZIP_UNSUPPORTED', 'host system', 'DOS, Unix, NTFS or macOS', `${host}`, place);
  }
  const unixMode = attributes >>> 16;
  const type = unixMode & typeMask;
  const known = type === types.none || type === types.file || type === types.folder || type === types.link;
  if (!known || unixMode & specialBits || attributes & dosSpecial) {
    const found = `mode 0${unixMode.toString(8)}, attributes 0x${(attributes & 0xffff).toString(16)}`;
    throw zipFault('ZIP_MODE', 'special file', 'a plain file or folder', found, place);
  }
  if (type === types.link) return { kind: 'link', mode: 0o644 };
  const says = [slash, type === types.folder, (attributes & dosFolder) !== 0];
  if (slash ? type === types.file : says.includes(true)) {
    throw zipFault('ZIP_MODE', 'file or folder', 'name and mode that agree', `${says}`, place);
  }
  if (slash) return { kind: 'folder', mode: 0o755 };
  const unix = host === hosts.unix || host === hosts.macos;
  return { kind: 'file', mode: unix && isExecutable(unixMode) ? 0o755 : 0o644 };
}

/** Two of the three bits decide, so that one flipped bit never changes what is unpacked. */
function isExecutable(mode: number): boolean {
  return ((mode >> 6) & 1) + ((mode >> 3) & 1) + (mode & 1) >= 2;
}
