/** What the tables of hostile archives share. */
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import type { ArchiveSpec, EntrySpec } from './write.ts';
import { makeZip } from './write.ts';

export const text = Buffer.from('module.exports = 1;\n'.repeat(20));
/** A sound entry, the stage for every lie. */
export const ok: EntrySpec = { name: 'ok.js', data: text };

export function archive(
  row: HostileArchive['row'],
  title: string,
  code: ZipErrorCode,
  spec: ArchiveSpec,
): HostileArchive {
  return { row, title, code, zip: () => makeZip(spec) };
}
