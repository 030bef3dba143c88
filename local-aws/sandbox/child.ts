/** A started process as `Sandboxed`: what the three rungs share. */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Cgroup } from './cgroup.ts';
import type { Exit, Sandboxed } from './types.ts';

export interface ChildFacts {
  /** The child's control group, when it has one. */
  readonly group?: Cgroup | undefined;
  /** The child leads a process group, which is killed with it. */
  readonly leads?: boolean;
  /** Resolves when what comes before Node is done. @default the child's own start */
  readonly began?: Promise<void>;
}

/**
 * Wraps a child. A shell between us and Node reports a signal as status 128 + its number, which is turned
 * back here.
 */
export function sandboxed(child: ChildProcess, facts: ChildFacts = {}): Sandboxed {
  const { group, leads = false } = facts;
  const began = facts.began ?? new Promise<void>(resolve => child.once('spawn', resolve));
  const exited = new Promise<Exit>(resolve => {
    let ended = false;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (ended) return;
      ended = true;
      const oom = (group?.oomKills() ?? 0) > 0;
      const finish = (): void => resolve({ ...exitOf(code, signal), oom });
      if (group) group.remove().then(finish, finish);
      else finish();
    };
    child.on('error', () => end(127, null));
    // `close` comes after the last output was read; `exit` alone would cut the log.
    child.on('close', end);
    child.on('exit', (code, signal) => {
      if (leads) killTree(child, true);
      // What escaped with a session of its own may keep the pipes open for ever; its output is not waited for.
      setTimeout(() => end(code, signal), 500).unref();
    });
  });
  return {
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    began,
    exited,
    async kill() {
      group?.setFrozen(false);
      killTree(child, leads);
      await exited;
    },
    setCpu: cores => group?.setCpu(cores),
    setFrozen: frozen => group?.setFrozen(frozen),
  };
}

function killTree(child: ChildProcess, leads: boolean): void {
  try {
    // A process group of its own catches what the function started; a namespace needs no such help.
    if (leads && child.pid) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Pick<Exit, 'code' | 'signal'> {
  if (signal) return { code: undefined, signal };
  if (code === null || code <= 128) return { code: code ?? undefined, signal: undefined };
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name ? { code: undefined, signal: name as NodeJS.Signals } : { code, signal: undefined };
}
