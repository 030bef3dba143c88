/** Pure: what is wanted and what is there → the steps that lead from one to the other. */
import type { UrlCors } from '../types.ts';
import type {
  ActualFunction,
  Change,
  DeployPlan,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
  Surroundings,
  VersionState,
} from './types.ts';
import { publicUrlStatements } from './types.ts';

/**
 * Plans a deployment. No step means that nothing differs. A version is published, tested and only then made
 * live, also when an earlier run stopped between these steps: the alias is compared, not only `$LATEST`.
 */
export function planDeploy(
  desired: DesiredFunction,
  actual: ActualFunction | undefined,
  around: Surroundings = {},
): DeployPlan {
  const steps = actual === undefined ? planFirst(desired) : planNext(desired, actual);
  return { functionName: desired.name, steps: [...planSurroundings(desired, around), ...steps] };
}

/** The role before the function that takes it, the log group before anything writes to it. */
function planSurroundings(
  { ownRole, logs }: DesiredFunction,
  { role, logGroup }: Surroundings,
): DeployStep[] {
  const steps: DeployStep[] = [];
  if (ownRole !== undefined) {
    const { name } = ownRole;
    if (role === undefined) steps.push({ kind: 'create-role', name });
    else if (!isSamePolicy(role.policy, ownRole.policy(role.arn))) steps.push({ kind: 'update-role', name });
  }
  if (logs === undefined) return steps;
  if (logGroup === undefined) steps.push({ kind: 'create-log-group', name: logs.group });
  // without a wish the retention stays: events are not deleted, nor kept, because nobody said so
  if (logs.retentionDays === undefined) return steps;
  const days = (count: number | undefined) => (count === undefined ? 'for ever' : `${count} days`);
  const changes = compare('retention', days(logGroup?.retentionDays), days(logs.retentionDays));
  return changes.length === 0 ? steps : [...steps, { kind: 'set-retention', changes }];
}

/** IAM gives a document back as it was sent, but a person may have reformatted it. */
function isSamePolicy(found: string | undefined, wanted: string): boolean {
  try {
    return JSON.stringify(JSON.parse(found ?? '')) === wanted;
  } catch {
    return false;
  }
}

/** The settings in which a version differs from what is wanted, the code first. */
export function changesBetween(state: VersionState, wanted: FunctionSettings): readonly Change[] {
  return [...codeChanges(state, wanted), ...configurationChanges(state, wanted)];
}

function planFirst(desired: DesiredFunction): DeployStep[] {
  const { environment, ...settings } = desired.settings;
  const steps: DeployStep[] = [
    { kind: 'create-function', settings, variables: Object.keys(environment).sort() },
    ...planAround(desired, { tags: {}, reservedConcurrency: undefined }),
    ...planVersion(desired),
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
  // what Lambda shows after an update that failed need not be what it runs: the update is made again
  const mends = actual.latest.failure ? compare('last update', 'failed', 'taken') : [];
  const updates = [...configuration, ...mends];
  if (updates.length > 0) steps.push({ kind: 'update-configuration', changes: updates });
  steps.push(...planAround(desired, actual));
  const { live } = actual;
  if (live === undefined || changesBetween(live, desired.settings).length > 0) {
    steps.push(...planVersion(desired));
    if (live === undefined) steps.push({ kind: 'create-alias' });
    else steps.push(...planTakeover(desired, live.version));
  } else if (Object.keys(live.weights).length > 0) {
    // what another deployment began and did not finish is not wanted any more
    steps.push({ kind: 'end-shift', version: live.version });
  }
  return [...steps, ...planUrl(desired, actual)];
}

/** In mode auto the layer is taken and S3 is the way out: a way out that was never tried is none. */
function planVersion({ settings }: DesiredFunction): DeployStep[] {
  const rehearsal: DeployStep[] =
    settings.environment['DEPS_SOURCE'] === 'auto' ? [{ kind: 'rehearse-s3' }] : [];
  return [...rehearsal, { kind: 'publish-version' }, { kind: 'smoke-test' }];
}

/** Share by share where asked, then the whole; watched as long as there are alarms. */
export function planTakeover({ release }: Pick<DesiredFunction, 'release'>, from: string): DeployStep[] {
  const { shift, bake: seconds, alarms } = release;
  return [
    ...shift.map(percent => ({ kind: 'shift-alias' as const, from, percent, seconds })),
    { kind: 'move-alias', from },
    ...(alarms.length > 0 ? [{ kind: 'watch-alarms' as const, alarms, seconds }] : []),
  ];
}

/** What belongs to the function as a whole, not to a version. */
function planAround(
  desired: DesiredFunction,
  actual: Pick<ActualFunction, 'tags' | 'reservedConcurrency'>,
): DeployStep[] {
  const tags = recordChanges('tag', ownTags(actual.tags), desired.tags, () => true);
  const concurrency = compare(
    'reserved concurrency',
    actual.reservedConcurrency ?? 'none',
    desired.reservedConcurrency ?? 'none',
  );
  return [
    ...(tags.length > 0 ? [{ kind: 'set-tags' as const, changes: tags }] : []),
    ...(concurrency.length > 0 ? [{ kind: 'set-concurrency' as const, changes: concurrency }] : []),
  ];
}

/** Tags of AWS itself (`aws:cloudformation:…`) can neither be set nor removed. */
function ownTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !name.startsWith('aws:')));
}

function corsText(cors: UrlCors | undefined): string {
  return cors === undefined ? '' : JSON.stringify(Object.entries(cors).sort());
}

function planUrl(desired: DesiredFunction, actual: ActualFunction): DeployStep[] {
  const { url: wanted } = desired;
  const statements = actual.publicStatements;
  // what the public was allowed must not outlive the wish
  const close: DeployStep[] = statements.length === 0 ? [] : [{ kind: 'close-url', statements }];
  if (wanted === undefined) return actual.url === undefined ? close : [{ kind: 'delete-url' }, ...close];
  const steps: DeployStep[] = [];
  if (actual.url === undefined) steps.push({ kind: 'create-url', auth: wanted.auth });
  else {
    const changes = [
      ...compare('auth', actual.url.auth, wanted.auth),
      ...compare('CORS', corsText(actual.url.cors), corsText(wanted.cors)),
    ];
    if (changes.length > 0) steps.push({ kind: 'update-url', changes });
  }
  if (wanted.auth !== 'NONE') steps.push(...close);
  else if (statements.length < publicUrlStatements.length) steps.push({ kind: 'allow-url' });
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
    // '': a role of our own that is not there yet
    ...compare('role', state.role, wanted.role || 'a new one'),
    ...compare('memory MB', state.memory, wanted.memory),
    ...compare('timeout s', state.timeout, wanted.timeout),
    ...compare('/tmp MB', state.tmp, wanted.tmp),
    ...compare('layers', state.layers.join(' '), wanted.layers.join(' ')),
    ...compare('tracing', state.tracing, wanted.tracing),
    ...recordChanges('environment', state.environment, wanted.environment, name => name === 'DEPS_SOURCE'),
  ];
}

/** `isShown` says whose values may be seen: hardly any of the environment, which may hold secrets. */
function recordChanges(
  what: string,
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
  isShown: (name: string) => boolean,
): Change[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names
    .filter(name => from[name] !== to[name])
    .map(name => {
      const shown = (value: string | undefined, hidden: string) =>
        value === undefined ? 'not set' : isShown(name) ? value : hidden;
      const hidden = from[name] === undefined ? 'set' : 'another value';
      return { setting: `${what} ${name}`, from: shown(from[name], 'set'), to: shown(to[name], hidden) };
    });
}

function compare(setting: string, from: string | number, to: string | number): Change[] {
  return from === to ? [] : [{ setting, from: String(from) || 'none', to: String(to) || 'none' }];
}
