/** Collects every licence and notice of an artifact's packages in one file, as distributing them asks for. */
import type { LockEntry } from '../read/lockfile.ts';
import type { ArtifactFile } from './file.ts';
import { readContent } from './file.ts';
import { isLegal } from './prune.ts';

/** `files` are those of each package, in the order of `packages`. */
export function formatLicenses(
  packages: readonly { readonly entry: LockEntry; readonly files: readonly ArtifactFile[] }[],
): string {
  const sections = packages.map(({ entry, files }) => {
    const texts = files
      .filter(file => isLegal(file.path.split('/').at(-1) ?? ''))
      .map(file => readContent(file).toString('utf8').replaceAll('\r\n', '\n').trim());
    const body = texts.length === 0 ? '(the package brings no licence text)' : texts.join('\n\n');
    return `${entry.name} ${entry.version}\nlicence: ${entry.license ?? 'not stated'}\n\n${body}\n`;
  });
  return sections.join(`\n${'-'.repeat(80)}\n\n`);
}
