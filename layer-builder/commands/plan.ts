/** `layer-builder plan` */
import { planProject } from '../build/plan.ts';
import type { Command } from '../command.ts';
import type { PlanArtifact, PlanReport } from '../plan/report.ts';
import type { Split } from '../plan/split.ts';
import { bytes, count, milliseconds, table } from '../report/table.ts';

/** Packages shown to people; `--json` has them all. */
const shown = 12;

export const command: Command = {
  name: 'plan',
  summary: 'what is heavy and why, what goes where, against every AWS limit; writes nothing',
  usage: 'layer-builder plan',
  example: 'layer-builder plan --project services/api --json',
  options: {},
  async run(context) {
    const report = await planProject(context.project, {
      progress: context.progress,
      env: context.env,
      signal: context.signal,
    });
    for (const warning of report.warnings) context.warn(`warning: ${warning}`);
    return { data: report, text: formatPlan(report) };
  },
};

function formatPlan(report: PlanReport): string {
  const limits = report.limits.map(({ name, used, limit, unit, percent, state }) => {
    const show = (value: number) =>
      unit === 'bytes' ? bytes(value) : unit === 'ms' ? milliseconds(value) : `${value}`;
    return [`  ${name}`, show(used), `of ${show(limit)}`, `${percent} %`, state === 'ok' ? '' : state];
  });
  return [
    `${report.service} for ${report.runtime} on ${report.architecture}`,
    ...report.artifacts.flatMap(formatArtifact),
    '',
    'limits of AWS',
    ...table(limits, [1, 3]),
    '',
    ...formatSplit(report.split),
  ].join('\n');
}

function formatArtifact(artifact: PlanArtifact): string[] {
  const rows = artifact.packages
    .slice(0, shown)
    .map(item => [
      `  ${item.name}@${item.version}`,
      bytes(item.inArtifact.zipped),
      bytes(item.inArtifact.size),
      `${item.inArtifact.files}`,
      milliseconds(item.ms),
      item.form,
      `for ${item.requiredBy.slice(0, 3).join(', ')}${item.requiredBy.length > 3 ? ' …' : ''}`,
    ]);
  const rest = artifact.packages.length - rows.length;
  const { paths, zipped, size } = artifact.assets;
  return [
    '',
    `${artifact.name} (${artifact.load}): ${bytes(artifact.size)} zipped, ${bytes(artifact.unpackedSize)} unpacked, ` +
      `${count(artifact.files, 'file')}, ${count(artifact.packages.length, 'package')}`,
    ...(rows.length > 0
      ? table([['  package', 'zipped', 'unpacked', 'files', 'import', 'form', ''], ...rows], [1, 2, 3, 4])
      : []),
    ...(rest > 0 ? [`  and ${count(rest, 'more package')}`] : []),
    ...(paths.length > 0
      ? [`  assets ${paths.join(', ')}: ${bytes(zipped)} zipped, ${bytes(size)} unpacked`]
      : []),
  ];
}

function formatSplit(split: Split): string[] {
  const rows = split.parts.map(part => [
    `  ${part.place === 's3' ? 'S3 only' : part.place}`,
    part.place === 'function' ? 'the app itself' : `${part.name} (${part.load})`,
    bytes(part.size),
    bytes(part.unpackedSize),
    part.place === 'function' ? '' : milliseconds(part.ms),
    `${part.packages.slice(0, 4).join(', ')}${part.packages.length > 4 ? ` and ${part.packages.length - 4} more` : ''}`,
  ]);
  const title = split.isCurrent
    ? split.fits
      ? 'fits as it is'
      : 'does not fit, and no split of it would'
    : split.isOptional
      ? 'fits as it is; a start takes less with this as the key "artifacts" of the configuration'
      : split.fits
        ? 'a split that fits, for the key "artifacts" of the configuration'
        : 'the nearest to a split that fits';
  return [
    title,
    ...table([['  where', '', 'zipped', 'unpacked', 'import', ''], ...rows], [2, 3, 4]),
    ...(split.isCurrent ? [] : [`  ${JSON.stringify(split.artifacts)}`]),
    ...split.notes.map(note => `  ${note}`),
  ];
}
