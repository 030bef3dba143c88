/** Pure: what a deployment did, or would do, for people. */

import type { RunningRelease } from '../read/running-release.ts';
import { describeStep } from './describe.ts';
import type { DeployReport } from './index.ts';
import type { SmokeAnswer } from './smoke.ts';
import type { Destroyed, Rollback, StageStatus } from './stages.ts';

export function formatDeploy(report: DeployReport): string {
  const title = `${report.functionName} in ${report.region}, mode ${report.mode}`;
  const code = `  code     ${kilobytes(report.code.bytes)}, sha256 ${report.code.sha256.slice(0, 12)}…`;
  const steps = report.steps.map(step => `  ${report.dryRun ? 'would ' : ''}${describeStep(step)}`);
  if (steps.length === 0) steps.push('  nothing to change: code, settings, alias and URL are as wanted');
  const smoke = report.smoke.map(formatSmoke);
  const live = report.version === '' ? [] : [`  live     version ${report.version}`];
  const url = report.url === undefined ? [] : [`  url      ${report.url}`];
  return [title, code, ...steps, ...smoke, ...live, ...url].join('\n');
}

export function formatStage(stage: StageStatus, { release, unknown }: RunningRelease): string {
  if (!stage.deployed) return `${stage.functionName} is not deployed`;
  return [
    stage.functionName,
    `  live     version ${stage.version ?? 'none'}, ${stage.runtime ?? ''} on ${stage.architecture ?? ''}`,
    `  release  ${release ?? `not known: ${unknown?.message ?? 'the function has no live version'}`}`,
    ...(stage.shifting === undefined
      ? []
      : [`  shift    ${stage.shifting.percent} % of the calls to version ${stage.shifting.version}`]),
    `  before   version ${stage.previousVersion ?? 'none'}`,
    `  mode     ${stage.mode ?? 'auto'}`,
    ...stage.layers.map(layer => `  layer    ${layer}`),
    ...(stage.url === undefined ? [] : [`  url      ${stage.url}`]),
    ...(stage.failure === undefined ? [] : [`  failed   the last update: ${stage.failure}`]),
  ].join('\n');
}

export function formatRollback(done: Rollback): string {
  const title = done.dryRun
    ? `${done.functionName} would go back from version ${done.from} to ${done.to}`
    : `${done.functionName} is back at version ${done.to} (was ${done.from})`;
  return [title, ...done.smoke.map(formatSmoke)].join('\n');
}

export function formatDestroyed({ functionName, dryRun, found, role, logGroup }: Destroyed): string {
  const is = dryRun ? 'would be' : 'is';
  return [
    found ? `${functionName} ${is} deleted` : `${functionName} was not there`,
    ...(role === undefined ? [] : [`  role ${role} ${is} deleted`]),
    ...(logGroup === undefined ? [] : [`  log group ${logGroup} stays`]),
  ].join('\n');
}

function formatSmoke(answer: SmokeAnswer): string {
  return `  smoke    GET ${answer.path} → ${answer.status} in ${answer.ms.toFixed(0)} ms, mode ${answer.source}`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
