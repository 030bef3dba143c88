/** Collects every licence and notice of an artifact's packages in one file, as distributing them asks for. */
import type { LockEntry } from '../read/lockfile.ts';
import type { ArtifactFile } from './file.ts';
import { readContent } from './file.ts';
import { isLegal } from './prune.ts';

/**
 * `files` are those of each package, in the order of `packages`. Packages with the very same text stand above it
 * together: half of all packages bring one of a few texts.
 */
export function formatLicenses(
  packages: readonly { readonly entry: LockEntry; readonly files: readonly ArtifactFile[] }[],
): string {
  const namesByText = new Map<string, string[]>();
  for (const { entry, files } of packages) {
    const texts = files
      .filter(file => isLegal(file.path.split('/').at(-1) ?? ''))
      .map(file => readContent(file).toString('utf8').replaceAll('\r\n', '\n').trim());
    const text = texts.length === 0 ? '(no licence text in the package)' : texts.join('\n\n');
    const name = `${entry.name} ${entry.version} (${entry.license ?? 'licence not stated'})`;
    namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  const sections = [...namesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return sections.join(`\n${'-'.repeat(80)}\n\n`);
}
