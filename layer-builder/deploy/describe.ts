/** Pure: one step of a deployment in words; used for progress and for `--dry-run`. */
import type { Change, DeployStep } from './types.ts';

export function describeStep(step: DeployStep): string {
  switch (step.kind) {
    case 'create-function': {
      const { runtime, architecture, memory, timeout, role, layers } = step.settings;
      return [
        `create function: ${runtime} on ${architecture}, ${memory} MB, ${timeout} s`,
        `role ${role.split('/').at(-1) || 'of its own'}`,
        layers.length === 0 ? 'no layers' : `layers ${layers.map(short).join(' ')}`,
        `environment ${step.variables.join(' ')}`,
      ].join(', ');
    }
    case 'update-code':
    case 'update-configuration':
    case 'set-tags':
    case 'set-concurrency':
    case 'set-retention':
    case 'update-url':
      return `${words(step.kind)}: ${step.changes.map(describeChange).join(', ')}`;
    case 'create-role':
      return `create role ${step.name}`;
    case 'update-role':
      return `update the policy of role ${step.name}`;
    case 'create-log-group':
      return `create log group ${step.name}`;
    case 'rehearse-s3':
      return `smoke test the S3 path cold, in a version that is deleted afterwards${getting(step.paths)}`;
    case 'publish-version':
      return 'publish a version';
    case 'smoke-test':
      return `smoke test it cold${getting(step.paths)}`;
    case 'create-alias':
      return 'create alias live, which the function URL uses';
    case 'shift-alias':
      return `give it ${step.percent} % of the calls, version ${step.from} the rest, and watch for ${step.seconds} s`;
    case 'move-alias':
      return `move alias live to it from version ${step.from}`;
    case 'watch-alarms':
      return `watch ${step.alarms.join(', ')} for ${step.seconds} s`;
    case 'end-shift':
      return `give all calls back to version ${step.version}`;
    case 'create-url':
      return `create function URL, auth ${step.auth}`;
    case 'delete-url':
      return 'delete the function URL';
    case 'allow-url':
      return 'let anyone call the function URL';
    case 'close-url':
      return 'take back that anyone may call the function URL';
  }
}

function describeChange({ setting, from, to }: Change): string {
  const shown = setting === 'code' ? digest : short;
  return `${setting} (${shown(from)} → ${shown(to)})`;
}

/** As the report names the code: the first digits of its SHA-256. */
function digest(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex').slice(0, 12);
}

/** Layers by name and version: account and region are those of the function. */
function short(text: string): string {
  const named = text.replaceAll(/arn:[^ ]+:layer:/g, '');
  return named.length <= 60 ? named : `…${named.slice(-59)}`;
}

function getting(paths: readonly string[] = []): string {
  return paths.length === 0 ? '' : `: ${paths.map(path => `GET ${path}`).join(', ')}`;
}

function words(kind: string): string {
  return kind.replaceAll('-', ' ');
}
