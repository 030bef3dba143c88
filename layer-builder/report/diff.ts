/** A comparison for people and for pull requests. Pure. */
import type { ArtifactDiff, FileChange, PackageChange } from '../plan/diff.ts';
import { describeChange } from '../plan/diff.ts';
import { bytes, count } from './table.ts';

const shownFiles = 20;

export function formatDiff(a: string, b: string, artifacts: readonly ArtifactDiff[]): string {
  return [
    `${a} → ${b}`,
    ...artifacts.flatMap(diff => {
      if (diff.same) return [`${diff.name}: identical`];
      return [
        `${diff.name}: ${diff.why}`,
        `  zip ${change(diff.size)}, unpacked ${change(diff.unpackedSize)}`,
        ...diff.packages.map(item => `  ${describeChange(item)}${licence(item)}`),
        ...diff.natives.map(file => `  native ${describeFile(file)}`),
        ...diff.files.slice(0, shownFiles).map(file => `  file ${describeFile(file)}`),
        ...(diff.files.length > shownFiles
          ? [`  and ${count(diff.files.length - shownFiles, 'file')} more`]
          : []),
      ];
    }),
  ].join('\n');
}

/** GitHub's dialect: one table a artifact, files folded away. */
export function formatDiffMarkdown(a: string, b: string, artifacts: readonly ArtifactDiff[]): string {
  return [
    `### Dependencies: ${cell(a)} → ${cell(b)}`,
    ...artifacts.flatMap(diff => {
      if (diff.same) return ['', `**${cell(diff.name)}** is identical.`];
      return [
        '',
        `**${cell(diff.name)}**: ${cell(diff.why)}. Zip ${change(diff.size)}, unpacked ${change(diff.unpackedSize)}.`,
        '',
        ...(diff.packages.length === 0
          ? []
          : ['| package | before | after | licence |', '| --- | --- | --- | --- |']),
        ...diff.packages.map(row),
        ...(diff.files.length === 0
          ? []
          : [
              '',
              `<details><summary>${count(diff.files.length, 'file')}, ${count(diff.natives.length, 'native')}</summary>`,
              '',
              ...diff.files.slice(0, 200).map(file => `- ${cell(describeFile(file))}`),
              '',
              '</details>',
            ]),
      ];
    }),
  ].join('\n');
}

function row({ name, before, after, licenseBefore, licenseAfter }: PackageChange): string {
  const licence =
    licenseBefore === licenseAfter
      ? (licenseAfter ?? '')
      : `${licenseBefore ?? '-'} → ${licenseAfter ?? '-'}`;
  return `| ${[name, before ?? '-', after ?? '-', licence].map(cell).join(' | ')} |`;
}

function licence({ before, after, licenseBefore, licenseAfter }: PackageChange): string {
  if (before === null || after === null || licenseBefore === licenseAfter) return '';
  return `, licence ${licenseBefore ?? 'unknown'} → ${licenseAfter ?? 'unknown'}`;
}

function describeFile({ path, before, after }: FileChange): string {
  if (before === null) return `${path} added, ${bytes(after ?? 0)}`;
  if (after === null) return `${path} removed, ${bytes(before)}`;
  return `${path} changed, ${change({ before, after })}`;
}

function change({ before, after }: { readonly before: number; readonly after: number }): string {
  if (before === after) return bytes(after);
  const difference = after - before;
  return `${bytes(before)} → ${bytes(after)} (${difference > 0 ? '+' : '−'}${bytes(Math.abs(difference))})`;
}

/** Names come from strangers' packages: nothing of them becomes markup, a link or a mention. */
function cell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+|!@~]/g, character => `\\${character}`).replace(/\s+/g, ' ');
}
