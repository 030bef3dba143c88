/** What an entry is: file, folder or link; anything else is refused. */
import { zipFault } from './fault.ts';

export type Kind = 'file' | 'folder' | 'link';

/** Systems whose attributes we can read (APPNOTE 4.4.2). */
const hosts = { dos: 0, unix: 3, ntfs: 10, macos: 19 };

const typeMask = 0o170000;
const types = { none: 0, folder: 0o040000, file: 0o100000, link: 0o120000 };
const specialBits = 0o7000;
/** DOS and Windows attributes: volume label, device, reparse point. */
const dosSpecial = 0x08 | 0x40 | 0x400;
const dosFolder = 0x10;

/**
 * Kind from the attributes of the central header. All places that can say "folder" must agree: the slash at the end
 * of the name, the Unix type, the DOS bit. Throws `ZIP_MODE`, `ZIP_UNSUPPORTED`.
 */
export function readKind(madeBy: number, attributes: number, slash: boolean): Kind {
  const host = madeBy >>> 8;
  if (host !== hosts.dos && host !== hosts.unix && host !== hosts.ntfs && host !== hosts.macos) {
    throw zipFault('ZIP_UNSUPPORTED', 'host system', 'DOS, Unix, NTFS or macOS', `${host}`);
  }
  const mode = attributes >>> 16;
  const type = mode & typeMask;
  const known = type === types.none || type === types.file || type === types.folder || type === types.link;
  if (!known || (mode & specialBits) !== 0 || (attributes & dosSpecial) !== 0) {
    const found = `mode 0${mode.toString(8)}, attributes 0x${(attributes & 0xffff).toString(16)}`;
    throw zipFault('ZIP_MODE', 'special file', 'a plain file or folder', found);
  }
  const saysFolder = type === types.folder || (attributes & dosFolder) !== 0;
  if (type === types.link) {
    if (isUnix(host) && !slash && !saysFolder) return 'link';
    throw zipFault('ZIP_MODE', 'link', 'one from Unix, with the name of a file', 'another');
  }
  if (slash ? type === types.file : saysFolder) {
    const found = slash ? 'a file with the name of a folder' : 'a folder with the name of a file';
    throw zipFault('ZIP_MODE', 'file or folder', 'name and mode that agree', found);
  }
  return slash ? 'folder' : 'file';
}

/**
 * Mode of a file: 0755 when two of the three bits to execute are set, so that one flipped bit never changes what is
 * unpacked; 0644 otherwise and from systems without such bits.
 */
export function readMode(madeBy: number, attributes: number): 0o644 | 0o755 {
  if (!isUnix(madeBy >>> 8)) return 0o644;
  const bits = ((attributes >>> 22) & 1) + ((attributes >>> 19) & 1) + ((attributes >>> 16) & 1);
  return bits >= 2 ? 0o755 : 0o644;
}

function isUnix(host: number): boolean {
  return host === hosts.unix || host === hosts.macos;
}
