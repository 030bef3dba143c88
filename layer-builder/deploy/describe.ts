/** Pure: one step of a deployment in words; used for progress and for `--dry-run`. */
import type { DeployStep } from './types.ts';

export function describeStep(step: DeployStep): string {
  switch (step.kind) {
    case 'update-code':
    case 'update-configuration':
    case 'set-tags':
    case 'set-concurrency':
    case 'set-retention':
    case 'update-url': {
      const changes = step.changes.map(
        change => `${change.setting} (${short(change.from)} → ${short(change.to)})`,
      );
      return `${step.kind.replace('-', ' ')}: ${changes.join(', ')}`;
    }
    case 'create-role':
      return `create role ${step.name}`;
    case 'update-role':
      return `update the policy of role ${step.name}`;
    case 'create-log-group':
      return `create log group ${step.name}`;
    case 'rehearse-s3':
      return 'smoke test of the S3 path, in a version that is deleted afterwards';
    case 'shift-alias':
      return `shift ${step.percent} % of the calls from version ${step.from} and watch for ${step.seconds} s`;
    case 'move-alias':
      return `move alias live away from version ${step.from}`;
    case 'watch-alarms':
      return `watch ${step.alarms.join(', ')} for ${step.seconds} s`;
    case 'end-shift':
      return `give all calls back to version ${step.version}`;
    case 'create-url':
      return `create function URL, auth ${step.auth}`;
    default:
      return step.kind.replaceAll('-', ' ');
  }
}

function short(text: string): string {
  return text.length <= 40 ? text : `…${text.slice(-39)}`;
}
