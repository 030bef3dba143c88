/** What a sandbox is asked and what it answers; three rungs implement it: unshare, bwrap, plain process. */
import type { Readable } from 'node:stream';

export type SandboxKind = 'unshare' | 'bwrap' | 'process';

/** Where the function sees things: fixed paths in a private root, real folders in a plain process. */
export interface View {
  readonly task: string;
  readonly opt: string;
  readonly runtime: string;
  readonly node: string;
  readonly tmp: string;
}

/** The folders of this machine that the function shall see, and its limits. */
export interface Parts {
  /** The Node binary. */
  readonly node: string;
  readonly runtime: string;
  readonly task: string;
  readonly opt: string;
  /** Folder of links for /node_modules; see `Tree`. */
  readonly links: string;
  readonly memoryMb: number;
  readonly tmpMb: number;
}

/** One execution environment's place; it outlives its process, so that /tmp is there for a re-init. */
export interface Slot {
  readonly view: View;
  start(launch: Launch): Sandboxed;
  /** Removes /tmp and everything else. The process must have ended. */
  remove(): Promise<void>;
}

export interface Launch {
  readonly environment: Readonly<Record<string, string>>;
  /** Command in paths of the view: node, flags, index.mjs. */
  readonly command: readonly string[];
}

/** How a process ended: `oom` when the kernel killed it for memory. */
export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly oom: boolean;
}

export interface Sandboxed {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the sandbox is made and Node is about to start; never, when it cannot be made. */
  readonly began: Promise<void>;
  /** Resolves once, when the process and everything it started are gone. Never rejects. */
  readonly exited: Promise<Exit>;
  kill(): Promise<void>;
  /** Cores it may use from now on; nothing where the machine offers no limit. */
  setCpu(cores: number): void;
  /** Stops it between invocations, where the machine can. */
  setFrozen(frozen: boolean): void;
}

export interface Sandbox {
  readonly kind: SandboxKind;
  /** One honest line: what is isolated and limited, and what is not. */
  readonly isolated: string;
  makeSlot(name: string, parts: Parts): Promise<Slot>;
  close(): Promise<void>;
}

/** The paths of Lambda, for rungs with a private root. */
export const lambdaView: View = {
  task: '/var/task',
  opt: '/opt',
  runtime: '/var/runtime',
  node: '/var/lang/bin/node',
  tmp: '/tmp',
};
