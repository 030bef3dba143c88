/** The states between a change and its effect: Pending to Active, InProgress to Successful. In memory only. */
import type { Place } from './arn.ts';
import { functionArn } from './arn.ts';
import { conflict } from './errors.ts';
import type { FunctionVersion } from './records.ts';

/** Fields of a FunctionConfiguration. */
export interface State {
  readonly State: 'Pending' | 'Active' | 'Failed';
  readonly StateReason?: string;
  readonly StateReasonCode?: string;
  readonly LastUpdateStatus?: 'InProgress' | 'Successful' | 'Failed';
  readonly LastUpdateStatusReason?: string;
  readonly LastUpdateStatusReasonCode?: string;
}

export interface Lifecycles {
  state(name: string): State;
  /** What invocations of `$LATEST` use while an update is in progress; undefined: the record's own. */
  serving(name: string): FunctionVersion | undefined;
  /** Throws `ResourceConflictException` while a creation or an update is in progress. */
  requireSettled(name: string): void;
  /** Enters Pending (`before` undefined) or InProgress until `work` is done. */
  begin(
    name: string,
    before: FunctionVersion | undefined,
    work: Promise<unknown>,
    /** Runs when the change has taken. */
    then?: () => Promise<void>,
  ): void;
  forget(name: string): void;
  /** Resolves when nothing is in progress. */
  settled(): Promise<void>;
}

interface Transition {
  readonly state: State;
  readonly serving?: FunctionVersion;
  readonly done?: Promise<void>;
}

const active: State = { State: 'Active', LastUpdateStatus: 'Successful' };

/**
 * `leastMs` is the shortest time that a change stays in progress. On AWS it takes seconds; whoever forgets to
 * wait for it shall meet ResourceConflictException here as well.
 */
export function openLifecycles(place: Place, leastMs: number): Lifecycles {
  const transitions = new Map<string, Transition>();
  return {
    state: name => transitions.get(name)?.state ?? active,
    serving: name => transitions.get(name)?.serving,
    requireSettled(name) {
      const state = transitions.get(name)?.state;
      const head = 'The operation cannot be performed at this time.';
      if (state?.State === 'Pending')
        throw conflict(`${head} The function is currently in the following state: Pending`);
      if (state?.LastUpdateStatus === 'InProgress') {
        throw conflict(`${head} An update is in progress for resource: ${functionArn(place, name)}`);
      }
    },
    begin(name, before, work, then) {
      const reason = { reason: 'The function is being created.', code: 'Creating' };
      const state: State = before
        ? {
            State: 'Active',
            LastUpdateStatus: 'InProgress',
            LastUpdateStatusReason: reason.reason,
            LastUpdateStatusReasonCode: reason.code,
          }
        : { State: 'Pending', StateReason: reason.reason, StateReasonCode: reason.code };
      const least = new Promise(resolve => setTimeout(resolve, leastMs));
      const entry: Transition = {
        state,
        ...(before ? { serving: before } : {}),
        done: Promise.allSettled([work, least]).then(async ([outcome]) => {
          if (transitions.get(name) !== entry) return;
          if (outcome.status === 'rejected') {
            transitions.set(name, { state: failed(before !== undefined, String(outcome.reason?.message)) });
            return;
          }
          transitions.delete(name);
          // What could not be cleaned up now goes when the server closes.
          await then?.().catch(() => {});
        }),
      };
      transitions.set(name, entry);
    },
    forget: name => void transitions.delete(name),
    async settled() {
      await Promise.all([...transitions.values()].map(one => one.done));
    },
  };
}

function failed(update: boolean, reason: string): State {
  return update
    ? {
        State: 'Active',
        LastUpdateStatus: 'Failed',
        LastUpdateStatusReason: reason,
        LastUpdateStatusReasonCode: 'InternalError',
      }
    : { State: 'Failed', StateReason: reason, StateReasonCode: 'InternalError' };
}
