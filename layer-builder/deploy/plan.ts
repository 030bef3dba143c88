/** Pure: what is wanted and what is there → the steps that lead from one to the other. */
import type {
  ActualFunction,
  Change,
  DeployPlan,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
  VersionState,
} from './types.ts';

/**
 * Plans a deployment. No step means that nothing differs. A version is published, tested and only then made
 * live, also when an earlier run stopped between these steps: the alias is compared, not only `$LATEST`.
 */
export function planDeploy(desired: DesiredFunction, actual: ActualFunction | undefined): DeployPlan {
  const steps = actual === undefined ? planFirst(desired) : planNext(desired, actual);
  return { functionName: desired.name, steps };
}

/** The settings in which a version differs from what is wanted, the code first. */
export function changesBetween(state: VersionState, wanted: FunctionSettings): readonly Change[] {
  return [...codeChanges(state, wanted), ...configurationChanges(state, wanted)];
}

function planFirst(desired: DesiredFunction): DeployStep[] {
  const steps: DeployStep[] = [
    { kind: 'create-function' },
    { kind: 'publish-version' },
    { kind: 'smoke-test' },
    { kind: 'create-alias' },
  ];
  if (desired.url !== undefined) {
    steps.push({ kind: 'create-url', auth: desired.url.auth });
    if (desired.url.auth === 'NONE') steps.push({ kind: 'allow-url' });
  }
  return steps;
}

function planNext(desired: DesiredFunction, actual: ActualFunction): DeployStep[] {
  const steps: DeployStep[] = [];
  const code = codeChanges(actual.latest, desired.settings);
  const configuration = configurationChanges(actual.latest, desired.settings);
  if (code.length > 0) steps.push({ kind: 'update-code', changes: code });
  if (configuration.length > 0) steps.push({ kind: 'update-configuration', changes: configuration });
  const { live } = actual;
  if (live === undefined || changesBetween(live, desired.settings).length > 0) {
    steps.push({ kind: 'publish-version' }, { kind: 'smoke-test' });
    steps.push(live === undefined ? { kind: 'create-alias' } : { kind: 'move-alias', from: live.version });
  }
  return [...steps, ...planUrl(desired, actual)];
}

function planUrl(desired: DesiredFunction, actual: ActualFunction): DeployStep[] {
  const { url: wanted } = desired;
  if (wanted === undefined) return actual.url === undefined ? [] : [{ kind: 'delete-url' }];
  const steps: DeployStep[] = [];
  if (actual.url === undefined) steps.push({ kind: 'create-url', auth: wanted.auth });
  else if (actual.url.auth !== wanted.auth) {
    steps.push({ kind: 'update-url', from: actual.url.auth, auth: wanted.auth });
  }
  if (wanted.auth === 'NONE' && !actual.urlIsPublic) steps.push({ kind: 'allow-url' });
  return steps;
}

function codeChanges(state: VersionState, wanted: FunctionSettings): Change[] {
  return [
    ...compare('code', state.codeSha256, wanted.codeSha256),
    ...compare('architecture', state.architecture, wanted.architecture),
  ];
}

function configurationChanges(state: VersionState, wanted: FunctionSettings): Change[] {
  return [
    ...compare('runtime', state.runtime, wanted.runtime),
    ...compare('handler', state.handler, wanted.handler),
    ...compare('role', state.role, wanted.role),
    ...compare('memory MB', state.memory, wanted.memory),
    ...compare('timeout s', state.timeout, wanted.timeout),
    ...compare('/tmp MB', state.tmp, wanted.tmp),
    ...compare('layers', state.layers.join(' '), wanted.layers.join(' ')),
    ...environmentChanges(state.environment, wanted.environment),
  ];
}

function environmentChanges(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): Change[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names
    .filter(name => from[name] !== to[name])
    .map(name => ({
      setting: `environment ${name}`,
      from: from[name] === undefined ? 'not set' : 'set',
      to: to[name] === undefined ? 'not set' : from[name] === undefined ? 'set' : 'another value',
    }));
}

function compare(setting: string, from: string | number, to: string | number): Change[] {
  return from === to ? [] : [{ setting, from: String(from) || 'none', to: String(to) || 'none' }];
}
