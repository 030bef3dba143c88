/** Our own hostile archives, one lie each, by the rows of the fault list (C1 to C15). Everything is made in memory. */
import type { ZipErrorCode } from '../../../handler/errors.ts';
import { contentRows } from './hostile-content.ts';
import { extraRows } from './hostile-extra.ts';
import { headerRows } from './hostile-headers.ts';
import { layoutRows } from './hostile-layout.ts';
import { nameRows } from './hostile-names.ts';

/** One archive that must be refused, with the code and a title that says what is wrong with it. */
export interface HostileArchive {
  readonly row: `C${number}`;
  readonly title: string;
  readonly code: ZipErrorCode;
  readonly zip: () => Buffer;
}

export const hostileArchives: readonly HostileArchive[] = [
  ...nameRows,
  ...contentRows,
  ...headerRows,
  ...layoutRows,
  ...extraRows,
];
