/** The environments of all functions: one for each concurrent request, reused when idle, bounded in number. */
import {
  createEnvironment,
  type Environment,
  type InvocationRequest,
  type InvocationResult,
  type LogTaker,
} from './environment.ts';
import type { InvocationRecord } from './report.ts';
import type { Parts, Sandbox } from './types.ts';
import type { FunctionSpec, SessionCredentials } from './variables.ts';

/** One version of a function as it is now; another `key` means other code or configuration, hence new environments. */
export interface Target {
  readonly key: string;
  readonly spec: FunctionSpec;
  readonly parts: Parts;
}

export interface PoolOptions {
  readonly sandbox: Sandbox;
  /** Environments at once over all functions; an account's concurrency. */
  readonly limit: number;
  /** Idle milliseconds after which an environment is shut down. */
  readonly idleMs: number;
  /** Makes credentials for an environment, and forgets them. */
  readonly issue: (spec: FunctionSpec) => SessionCredentials;
  readonly revoke: (credentials: SessionCredentials) => void;
  readonly onRecord: (record: InvocationRecord) => void;
  /** Gets what a function and the platform write about it. */
  readonly onLog: (spec: FunctionSpec, ...written: Parameters<LogTaker>) => void;
}

/** `throttled` when every environment is busy. */
export type PoolAnswer =
  | { readonly kind: 'result'; readonly result: InvocationResult }
  | { readonly kind: 'throttled' };

export interface Pool {
  /** `reserved` bounds the environments of this function alone. */
  invoke(target: Target, request: InvocationRequest, reserved?: number): Promise<PoolAnswer>;
  /** Shuts down a function's environments whose key is not among `keep`: now when idle, else after their request. */
  retire(functionName: string, keep: ReadonlySet<string>): Promise<void>;
  /** Whether an environment runs code from this folder. */
  uses(task: string): boolean;
  close(): Promise<void>;
}

interface Held {
  readonly key: string;
  readonly task: string;
  readonly functionName: string;
  readonly environment: Environment;
  readonly credentials: SessionCredentials;
  busy: boolean;
  retired: boolean;
  timer?: NodeJS.Timeout;
}

/** Opens an empty pool. `close` kills whatever still runs. */
export function openPool(options: PoolOptions): Pool {
  const held = new Set<Held>();
  const running = new Set<Promise<unknown>>();
  let closed = false;
  let starting = 0;
  let count = 0;

  async function take(target: Target): Promise<Held | undefined> {
    const idle = [...held].findLast(one => one.key === target.key && !one.busy && !one.retired);
    if (idle) {
      clearTimeout(idle.timer);
      idle.busy = true;
      return idle;
    }
    if (held.size + starting >= options.limit) {
      const victim = [...held].find(one => !one.busy);
      if (!victim) return undefined;
      await shut(victim);
    }
    starting++;
    try {
      const slot = await options.sandbox.makeSlot(`slot-${++count}`, target.parts);
      if (closed) {
        await slot.remove();
        return undefined;
      }
      const credentials = options.issue(target.spec);
      const one: Held = {
        key: target.key,
        task: target.parts.task,
        functionName: target.spec.name,
        environment: createEnvironment(target.spec, slot, credentials, (...written) =>
          options.onLog(target.spec, ...written),
        ),
        credentials,
        busy: true,
        retired: false,
      };
      held.add(one);
      return one;
    } finally {
      starting--;
    }
  }

  async function shut(one: Held): Promise<void> {
    if (!held.delete(one)) return;
    clearTimeout(one.timer);
    options.revoke(one.credentials);
    await one.environment.destroy();
  }

  async function giveBack(one: Held): Promise<void> {
    one.busy = false;
    if (one.retired || closed) await shut(one);
    else one.timer = setTimeout(() => void shut(one), options.idleMs).unref();
  }

  async function run(target: Target, request: InvocationRequest, reserved: number): Promise<PoolAnswer> {
    const busy = [...held].filter(one => one.functionName === target.spec.name && one.busy).length;
    const one = closed || busy >= reserved ? undefined : await take(target);
    if (!one) return { kind: 'throttled' };
    try {
      const result = await one.environment.invoke(request);
      options.onRecord(result.record);
      return { kind: 'result', result };
    } finally {
      await giveBack(one);
    }
  }

  return {
    invoke(target, request, reserved = options.limit) {
      const answer = run(target, request, reserved);
      const settled: Promise<unknown> = answer.then(
        () => running.delete(settled),
        () => running.delete(settled),
      );
      running.add(settled);
      return answer;
    },
    async retire(functionName, keep) {
      for (const one of [...held]) {
        if (one.functionName !== functionName || keep.has(one.key)) continue;
        one.retired = true;
        if (!one.busy) await shut(one);
      }
    },
    uses: task => [...held].some(one => one.task === task),
    async close() {
      closed = true;
      await Promise.all([...held].map(shut));
      await Promise.all(running);
    },
  };
}
