/** R3: is the folder found the artifact that the lock means? Every file is hashed again; nothing is taken on trust. */
import { hash } from 'node:crypto';
import * as fs from 'node:fs';
import type { TreeFile } from '../artifact/digest.ts';
import { treeOf } from '../artifact/digest.ts';
import { markerPath } from '../artifact/layout.ts';
import type { LockArtifact } from '../artifact/lock.ts';
import type { MarkerFacts } from './choose.ts';
import { isSameMarker } from './choose.ts';
import { parseMarker } from './marker.ts';

/** Why a copy is not the artifact; undefined when it is. */
export type CopyFault = string | undefined;

/**
 * Judges an unpacked copy: plain files and folders only, all of them ours, none writable by others, no hard links,
 * no empty folders, as many files and bytes as the lock says, the same tree, the same marker.
 */
export function judgeCopy(root: string, artifact: LockArtifact, expected: MarkerFacts): CopyFault {
  const found: TreeFile[] = [];
  const state = { buffer: Buffer.allocUnsafe(262_144), bytes: 0, marker: '' };
  const marker = markerPath(artifact.name);

  const visitFolder = (path: string): CopyFault => {
    const full = path === '' ? root : `${root}/${path}`;
    const fault = judgeOwner(fs.lstatSync(full), path);
    if (fault !== undefined) return fault;
    const entries = fs.readdirSync(full, { withFileTypes: true });
    if (entries.length === 0) return `an empty folder ${show(path)}`;
    for (const entry of entries) {
      const at = path === '' ? entry.name : `${path}/${entry.name}`;
      if (found.length >= artifact.files && entry.isFile()) return 'more files than the lock says';
      const problem = entry.isDirectory()
        ? visitFolder(at)
        : entry.isFile()
          ? visitFile(at)
          : `neither file nor folder: ${show(at)}`;
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

  const visitFile = (path: string): CopyFault => {
    // O_NONBLOCK: a FIFO put there since the folder was read must not hang us
    const flags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
    const file = fs.openSync(`${root}/${path}`, flags);
    try {
      const stat = fs.fstatSync(file);
      if (!stat.isFile() || stat.nlink !== 1) return `a link ${show(path)}`;
      const fault = judgeOwner(stat, path);
      if (fault !== undefined) return fault;
      state.bytes += stat.size;
      if (state.bytes > artifact.unpackedSize) return 'more bytes than the lock says';
      if (stat.size > state.buffer.length) state.buffer = Buffer.allocUnsafeSlow(stat.size);
      let length = 0;
      while (length < stat.size) {
        const read = fs.readSync(file, state.buffer, length, stat.size - length, length);
        if (read === 0) return `cut short: ${show(path)}`;
        length += read;
      }
      const content = state.buffer.subarray(0, length);
      if (path === marker) state.marker = content.toString();
      const mode = stat.mode & 0o100 ? 0o755 : 0o644;
      found.push({ path, mode, sha256: hash('sha256', content) });
      return undefined;
    } finally {
      fs.closeSync(file);
    }
  };

  const fault = visitFolder('');
  if (fault !== undefined) return fault;
  if (found.length !== artifact.files) return `${found.length} files where the lock says ${artifact.files}`;
  const facts = parseMarker(state.marker);
  if (facts === null || !isSameMarker(facts, expected)) return 'another marker';
  if (treeOf(found.filter(file => file.path !== marker)) !== artifact.tree) return 'another tree';
  return undefined;
}

function judgeOwner(stat: fs.Stats, path: string): CopyFault {
  if (stat.uid !== process.getuid?.()) return `owned by user ${stat.uid}: ${show(path)}`;
  if (stat.mode & 0o7022) return `mode ${(stat.mode & 0o7777).toString(8)} of ${show(path)}`;
  return undefined;
}

/** Names found on disk go to the log: escaped and short. */
function show(path: string): string {
  return JSON.stringify(path.slice(0, 120)).replace(/[^\x20-\x7e]/g, '?');
}
