/** A comparison for people and for pull requests. Pure. */
import type { ArtifactDiff, FileChange, ImportChange, PackageChange } from '../plan/diff.ts';
import { describeChange } from '../plan/diff.ts';
import { bytes, count } from './table.ts';

const shownFiles = 20;
const foldedFiles = 200;

export function formatDiff(a: string, b: string, artifacts: readonly ArtifactDiff[]): string {
  return [
    `${a} → ${b}`,
    ...artifacts.flatMap(diff => {
      if (diff.same) return [`${diff.name}: identical`];
      return [
        `${diff.name}: ${diff.why}`,
        `  zip ${change(diff.size)}, unpacked ${change(diff.unpackedSize)}${ifKnown(', import ', diff.importMs)}`,
        ...diff.packages.map(
          item => `  ${describeChange(item)}${licence(item)}${ifKnown(', import ', item.importMs)}`,
        ),
        ...diff.natives.map(file => `  native ${describeFile(file)}`),
        ...diff.files.slice(0, shownFiles).map(file => `  file ${describeFile(file)}`),
        ...(diff.files.length > shownFiles
          ? [`  and ${count(diff.files.length - shownFiles, 'file')} more`]
          : []),
      ];
    }),
  ].join('\n');
}

/** GitHub's dialect: one table an artifact, files folded away. */
export function formatDiffMarkdown(a: string, b: string, artifacts: readonly ArtifactDiff[]): string {
  const sections = artifacts.map(diff =>
    diff.same ? [`**${cell(diff.name)}** is identical.`] : section(diff),
  );
  return [`### Dependencies: ${cell(a)} → ${cell(b)}`, ...sections.flatMap(lines => ['', ...lines])].join(
    '\n',
  );
}

function section(diff: ArtifactDiff): string[] {
  const { packages, natives, files } = diff;
  const figures = `Zip ${change(diff.size)}, unpacked ${change(diff.unpackedSize)}${ifKnown(', import ', diff.importMs)}`;
  const head = `**${cell(diff.name)}**: ${cell(diff.why)}. ${figures}.`;
  const table = ['', '| package | before | after | licence | import |', '| --- | --- | --- | --- | --- |'];
  const summary = [
    count(files.length, 'file'),
    ...(natives.length > 0 ? [count(natives.length, 'native')] : []),
  ];
  const rest = files.length - foldedFiles;
  const folded = [
    ...['', `<details><summary>${summary.join(', ')}</summary>`, ''],
    ...files.slice(0, foldedFiles).map(file => `- ${cell(describeFile(file))}`),
    ...(rest > 0 ? [`- and ${count(rest, 'file')} more`] : []),
    ...['', '</details>'],
  ];
  return [
    head,
    ...(packages.length > 0 ? [...table, ...packages.map(row)] : []),
    ...(files.length > 0 ? folded : []),
  ];
}

function row({ name, before, after, licenseBefore, licenseAfter, importMs }: PackageChange): string {
  const licence =
    licenseBefore === licenseAfter
      ? (licenseAfter ?? '')
      : `${licenseBefore ?? '-'} → ${licenseAfter ?? '-'}`;
  const cells = [name, before ?? '-', after ?? '-', licence, ifKnown('', importMs)];
  return `| ${cells.map(cell).join(' | ')} |`;
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

/** As builds measured it, each on its own machine: a package that is not imported by itself has no time. */
function ifKnown(start: string, { before, after }: ImportChange): string {
  if (before === null && after === null) return '';
  if (before === null || after === null) {
    return `${start}${before === null ? '-' : tenths(before)} → ${after === null ? '-' : tenths(after)}`;
  }
  if (before === after) return `${start}${tenths(after)}`;
  const difference = after - before;
  return `${start}${tenths(before)} → ${tenths(after)} (${difference > 0 ? '+' : '−'}${tenths(Math.abs(difference))})`;
}

function tenths(ms: number): string {
  return `${ms.toFixed(1)} ms`;
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
