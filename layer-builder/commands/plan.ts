/** `layer-builder plan` */
import { planProject } from '../build/plan.ts';
import type { Command } from '../command.ts';
import type { PlanArtifact, PlanReport } from '../plan/report.ts';
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
  ].join('\n');
}

function formatArtifact(artifact: PlanArtifact): string[] {
  const rows = artifact.packages
    .slice(0, shown)
    .map(item => [
      `  ${item.name}@${item.version}`,
      bytes(item.size),
      count(item.files, 'file'),
      `for ${item.requiredBy.slice(0, 3).join(', ')}${item.requiredBy.length > 3 ? ' …' : ''}`,
    ]);
  const rest = artifact.packages.length - rows.length;
  return [
    '',
    `${artifact.name} (${artifact.load}): ${bytes(artifact.size)} zipped, ${bytes(artifact.unpackedSize)} unpacked, ` +
      `${count(artifact.files, 'file')}, ${count(artifact.packages.length, 'package')}`,
    ...table(rows, [1, 2]),
    ...(rest > 0 ? [`  and ${count(rest, 'more package')}`] : []),
  ];
}
