/** A new version takes over: share by share, watched, and taken back when an alarm goes off. */
import { readAlarms } from '../aws/alarms.ts';
import type { FunctionAccess } from '../aws/function-access.ts';
import { moveAlias } from '../aws/functions.ts';
import type { PaceClock } from '../aws/pace.ts';
import { systemClock } from '../aws/pace.ts';
import type { SideAccess } from '../aws/side-access.ts';
import { BuilderError, fail } from '../errors.ts';

/** The live alias as this run has made it. */
export interface Takeover {
  /** The version that was live before. */
  readonly from: string;
  /** The version that a rollback from `from` would go back to; undefined when none is remembered. */
  readonly remembered: string | undefined;
  revisionId: string;
  /** True while the new version gets calls that it may have to give back. */
  isOpen: boolean;
}

/** Alarms are asked that often, in milliseconds; CloudWatch judges them once a minute, some every 10 s. */
const pollMs = 5000;

/**
 * Throws `NOT_FOUND` for an alarm that does not exist and `ALARM_RAISED` for one that has gone off already: nothing
 * that happens later could be told from it.
 */
export async function requireQuiet(side: SideAccess, alarms: readonly string[]): Promise<void> {
  if (alarms.length === 0) return;
  const found = await readAlarms(side, alarms);
  const missing = alarms.filter(name => !found.some(alarm => alarm.name === name));
  if (missing.length > 0) {
    fail('NOT_FOUND', `there is no CloudWatch alarm ${missing.join(', ')} (expected it, found none)`, {
      hint: 'make the alarm, or correct function.alarms in the configuration',
      details: { missing },
    });
  }
  requireNone(found, 'before the deployment began', '--no-alarms deploys without looking at alarms');
}

/** Waits and looks at the alarms. Throws `ALARM_RAISED` as soon as one goes off. */
export async function watch(
  side: SideAccess,
  alarms: readonly string[],
  seconds: number,
  options: { readonly clock?: PaceClock | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { clock = systemClock, signal } = options;
  const until = clock.now() + seconds * 1000;
  for (;;) {
    const left = until - clock.now();
    if (left > 0) await clock.sleep(alarms.length === 0 ? left : Math.min(left, pollMs), signal);
    if (alarms.length > 0) {
      requireNone(
        await readAlarms(side, alarms),
        'while the new version took over',
        'read the log, mend, deploy again',
      );
    }
    if (left <= pollMs || alarms.length === 0) return;
  }
}

function requireNone(found: Awaited<ReturnType<typeof readAlarms>>, when: string, hint: string): void {
  const raised = found.filter(({ state }) => state === 'ALARM');
  if (raised.length === 0) return;
  const said = raised.map(({ name, reason }) => `${name}: ${reason.replace(/\s+/g, ' ').slice(0, 200)}`);
  fail('ALARM_RAISED', `an alarm went off ${when} (expected OK, found ALARM; ${said.join('; ')})`, {
    hint,
    details: { alarms: raised.map(({ name }) => name) },
  });
}

/** Gives the new version a share of the calls, in percent. */
export async function shiftAlias(
  aws: FunctionAccess,
  name: string,
  takeover: Takeover,
  to: { readonly version: string; readonly percent: number },
): Promise<void> {
  takeover.revisionId = await moveAlias(aws, name, {
    version: takeover.from,
    weights: { [to.version]: to.percent / 100 },
    revisionId: takeover.revisionId,
  });
  takeover.isOpen = true;
}

/** Gives the new version every call and remembers the one before. */
export async function finishTakeover(
  aws: FunctionAccess,
  name: string,
  takeover: Takeover,
  version: string,
): Promise<void> {
  const { from: previous, revisionId } = takeover;
  takeover.revisionId = await moveAlias(aws, name, { version, previous, revisionId });
}

/**
 * Gives all calls back to the version before, unless somebody else has moved the alias meanwhile. Answers the error
 * to end with: the one that was the reason, and what was done about it.
 */
export async function takeBack(
  aws: FunctionAccess,
  name: string,
  takeover: Takeover,
  reason: unknown,
): Promise<unknown> {
  const { from, remembered, revisionId } = takeover;
  if (reason instanceof BuilderError && reason.code === 'DEPLOY_CONFLICT') return reason;
  // an aborted wait rejects with an AbortError, an aborted call with the reason of the signal, its name
  const isAbort = !(reason instanceof Error) || reason.name === 'AbortError';
  const said = isAbort ? 'stopped' : reason instanceof Error ? reason.message : String(reason);
  const code = reason instanceof BuilderError ? reason.code : isAbort ? 'INTERRUPTED' : 'DEPLOY_FAILED';
  const facts = reason instanceof BuilderError ? reason : { hint: 'deploy again', details: {} };
  try {
    await moveAlias(aws, name, { version: from, previous: remembered ?? '', revisionId });
  } catch (cause) {
    return new BuilderError(code, `${said}; version ${from} could not be made live again`, {
      hint: `run "layer-builder deploy rollback" with --to ${from}`,
      details: { ...facts.details, rolledBackTo: null },
      cause,
    });
  }
  return new BuilderError(code, `${said}; version ${from} is live again with all calls`, {
    ...(facts.hint === undefined ? {} : { hint: facts.hint }),
    details: { ...facts.details, rolledBackTo: from },
    cause: reason,
  });
}
