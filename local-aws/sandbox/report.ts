/** What Lambda writes and answers around an invocation: START, END, REPORT, and the errors that are its own. Pure. */
import type { Exit } from './types.ts';

/** What came of one invocation, for the log, the console and tests. Times are in milliseconds. */
export interface InvocationRecord {
  readonly functionName: string;
  readonly version: string;
  /** The function as it was called: its name, or `name:alias`. */
  readonly resource: string;
  readonly requestId: string;
  /** Milliseconds since the epoch at which the invocation began. */
  readonly at: number;
  readonly cold: boolean;
  /** Duration of the init phase, when this invocation had one that succeeded. */
  readonly initMs?: number | undefined;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  /** Peak resident memory in MB, of a process that was killed before its last event; 0 where the machine does not tell. */
  readonly usedMb: number;
  /** `errorType` of a function error. */
  readonly error?: string | undefined;
  readonly status: 'success' | 'error' | 'timeout';
  /** The last 4 KB of the log. */
  readonly logTail: string;
}

/** How an invocation failed: the process ended, time was up, or the runtime reported an error. */
export type Failure =
  | { readonly kind: 'exit'; readonly exit: Exit }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'error'; readonly body: Buffer };

export interface ErrorDocument {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** The error of a runtime that ended instead of answering. */
function exitError(requestId: string, exit: Exit): ErrorDocument {
  const how = exit.signal
    ? `Runtime exited with error: signal: ${signalWord(exit.signal)}`
    : exit.code
      ? `Runtime exited with error: exit status ${exit.code}`
      : 'Runtime exited without providing a reason';
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${how}` };
}

function timeoutError(requestId: string, seconds: number): ErrorDocument {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  };
}

export function tooLargeError(): ErrorDocument {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
  };
}

/** The REPORT line, tabs and all. */
export function reportLine(record: InvocationRecord, oom: boolean): string {
  const type = oom ? 'Runtime.OutOfMemory' : record.error;
  return [
    `REPORT RequestId: ${record.requestId}`,
    `Duration: ${record.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${record.billedMs} ms`,
    `Memory Size: ${record.memoryMb} MB`,
    `Max Memory Used: ${record.usedMb} MB`,
    ...(record.initMs === undefined ? [] : [`Init Duration: ${record.initMs.toFixed(2)} ms`]),
    ...(record.status === 'success' ? [] : [`Status: ${record.status}`]),
    ...(record.status === 'error' && type ? [`Error Type: ${type}`] : []),
    '\n',
  ].join('\t');
}

/** The payload that the caller gets for a failure. */
export function failureDocument(failure: Failure, requestId: string, timeoutS: number): string {
  switch (failure.kind) {
    case 'exit':
      return JSON.stringify(exitError(requestId, failure.exit));
    case 'timeout':
      return JSON.stringify(timeoutError(requestId, timeoutS));
    case 'error':
      return failure.body.toString();
  }
}

/** A failure in the words of an INIT_REPORT line. */
export function statusOf(failure: Failure): string {
  if (failure.kind === 'timeout') return 'timeout';
  return `error\tError Type: ${failure.kind === 'exit' ? 'Runtime.ExitError' : (errorType(failure.body) ?? 'Runtime.Unknown')}`;
}

/** `errorType` of an error document, if it is one. */
export function errorType(payload: Buffer): string | undefined {
  try {
    const type = JSON.parse(payload.toString()).errorType;
    return typeof type === 'string' ? type : undefined;
  } catch {
    return undefined;
  }
}

/** The words that Lambda's own supervisor uses for signals. */
function signalWord(signal: NodeJS.Signals): string {
  const words: Partial<Record<NodeJS.Signals, string>> = {
    SIGKILL: 'killed',
    SIGABRT: 'aborted',
    SIGTERM: 'terminated',
    SIGSEGV: 'segmentation fault',
    SIGTRAP: 'trace/breakpoint trap',
  };
  return words[signal] ?? signal;
}
