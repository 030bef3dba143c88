/** Pure: what a deployment did, or would do, for people. */
import { describeStep } from './apply.ts';
import type { DeployReport } from './index.ts';

export function formatDeploy(report: DeployReport): string {
  const title = `${report.functionName} in ${report.region}, mode ${report.mode}`;
  const code = `  code     ${kilobytes(report.code.bytes)}, sha256 ${report.code.sha256.slice(0, 12)}…`;
  const steps = report.steps.map(step => `  ${report.dryRun ? 'would ' : ''}${describeStep(step)}`);
  if (steps.length === 0) steps.push('  nothing to change: code, settings, alias and URL are as wanted');
  const smoke = report.smoke.map(
    answer => `  smoke    GET ${answer.path} → ${answer.status} in ${answer.ms.toFixed(0)} ms`,
  );
  const live = report.version === '' ? [] : [`  live     version ${report.version}`];
  const url = report.url === undefined ? [] : [`  url      ${report.url}`];
  return [title, code, ...steps, ...smoke, ...live, ...url].join('\n');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
