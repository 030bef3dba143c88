/** One execution environment: a slot with its /tmp, and in it a process that is started, reused, thrown away. */
import { randomBytes } from 'node:crypto';
import { LocalAwsError } from '../errors.ts';
import { exchange, type StreamTaker } from './exchange.ts';
import { first } from './first.ts';
import {
  errorType,
  type Failure,
  failureDocument,
  type InvocationRecord,
  reportLine,
  statusOf,
  tooLargeError,
} from './report.ts';
import { openRuntimeApi, type RuntimeAnswer, type RuntimeApi } from './runtime-api.ts';
import type { Exit, Sandboxed, Slot } from './types.ts';
import {
  type FunctionSpec,
  functionCommand,
  functionVariables,
  type SessionCredentials,
} from './variables.ts';

/** The init phase may take 10 s; after that it is repeated inside the invocation, under the function's time-out. */
const initLimitMs = 10_000;
/** Making a sandbox takes some 40 ms; a machine that needs this long will not get there. */
const sandboxLimitMs = 30_000;
/** Memory that buys one whole core. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const memoryOfOneCore = 1769;
const logTailBytes = 4096;
/** Characters of a line that is not finished yet; CloudWatch takes 1 MB in one event. */
const longestEntry = 1 << 20;

/** Takes the entries that an environment wrote, its stream first. */
export type LogTaker = (stream: string, entries: readonly string[]) => void;

export interface InvocationRequest {
  readonly requestId: string;
  readonly payload: Buffer;
  /** ARN as the caller named it, alias or version included. */
  readonly functionArn: string;
  readonly traceId: string;
  readonly clientContext?: string | undefined;
  /** Takes a streamed response while it is made; without it the response is collected. */
  readonly onStream?: StreamTaker | undefined;
}

export interface InvocationResult {
  readonly payload: Buffer;
  readonly functionError: boolean;
  readonly streamed: boolean;
  readonly record: InvocationRecord;
}

export interface Environment {
  invoke(request: InvocationRequest): Promise<InvocationResult>;
  /** Kills the process and removes /tmp. */
  destroy(): Promise<void>;
}

interface Running {
  readonly process: Sandboxed;
  readonly api: RuntimeApi;
}

/** Prepares an environment; its process starts with the first invocation, as Lambda's on-demand ones do. */
export function createEnvironment(
  spec: FunctionSpec,
  slot: Slot,
  credentials: SessionCredentials,
  onLog: LogTaker = () => {},
): Environment {
  const logStream = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[${spec.version}]${randomBytes(16).toString('hex')}`;
  let running: Running | undefined;
  let used = false;
  let destroyed = false;
  let log = '';
  let unfinished = '';

  function write(text: string): void {
    // The runtime client writes an entry of several lines as one, with carriage returns between them.
    const entries = (unfinished + text).split('\n').map(entry => entry.replaceAll(/\r(?!$)/g, '\n'));
    unfinished = (entries.pop() ?? '').slice(-longestEntry);
    if (entries.length > 0)
      onLog(
        logStream,
        entries.filter(entry => entry !== ''),
      );
    log = (log + text.replaceAll(/\r(?!\n)/g, '\n')).slice(-16 * logTailBytes);
  }

  function launch(api: RuntimeApi): Sandboxed {
    try {
      return slot.start({
        environment: functionVariables(spec, slot.view, { runtimeApi: api.address, logStream, credentials }),
        command: functionCommand(spec, slot.view),
      });
    } catch (error) {
      api.close();
      throw error;
    }
  }

  async function start(): Promise<Running> {
    const api = await openRuntimeApi();
    if (destroyed) {
      api.close();
      throw new LocalAwsError('SANDBOX_FAILED', 'the environment was shut down', { hint: 'invoke again' });
    }
    const child = launch(api);
    for (const stream of [child.stdout, child.stderr]) {
      // An end that breaks is the end of the log, not of the server.
      stream
        .setEncoding('utf8')
        .on('data', write)
        .on('error', () => {});
    }
    const started = { process: child, api };
    child.exited.then(() => {
      api.close();
      if (running === started) running = undefined;
    });
    running = started;
    return started;
  }

  /**
   * Starts the process and waits until it asks for an event. Whatever fails, no process is left. `ms` counts
   * from the moment the sandbox is made: on Lambda it is there before the init phase.
   */
  async function initialise(limitMs: number): Promise<{ failure?: Failure; ms: number }> {
    write(`INIT_START Runtime Version: nodejs:${spec.runtime.slice(6, 8)}.v${spec.nodeVersion}\n`);
    const { process: child, api } = await start();
    if ((await first(sandboxLimitMs, child, child.began)).kind !== 'done') {
      await child.kill();
      throw sandboxFailed(log);
    }
    const begun = performance.now();
    const outcome = await first(limitMs, child, api.initialised);
    const ms = performance.now() - begun;
    if (outcome.kind === 'done' && outcome.value.error === undefined) {
      child.setCpu(spec.memoryMb / memoryOfOneCore);
      return { ms };
    }
    await child.kill();
    running = undefined;
    const failure: Failure =
      outcome.kind === 'done' ? { kind: 'error', body: outcome.value.error ?? Buffer.alloc(0) } : outcome;
    return { failure, ms };
  }

  async function invoke(request: InvocationRequest): Promise<InvocationResult> {
    const at = Date.now();
    const cold = running === undefined;
    let initMs: number | undefined;
    if (!used) {
      used = true;
      const { failure, ms } = await initialise(initLimitMs);
      if (failure === undefined) initMs = ms;
      else
        write(`INIT_REPORT Init Duration: ${ms.toFixed(2)} ms\tPhase: init\tStatus: ${statusOf(failure)}\n`);
    }
    write(`START RequestId: ${request.requestId} Version: ${spec.version}\n`);
    const begun = performance.now();
    const { answer, failure, usedKib } = await answerTo(request, begun);
    const durationMs = performance.now() - begun;
    await afterOutput();

    const document = failure && failureDocument(failure, request.requestId, spec.timeoutS);
    const body = answer.kind === 'error' || answer.kind === 'response' ? answer.body : Buffer.alloc(0);
    const payload = document ? Buffer.from(document) : body;
    const functionError = failure !== undefined || answer.kind === 'error';
    const oom = failure?.kind === 'exit' && failure.exit.oom;
    const record: InvocationRecord = {
      functionName: spec.name,
      version: spec.version,
      resource: request.functionArn.split(':function:')[1] ?? spec.name,
      requestId: request.requestId,
      at,
      cold,
      initMs,
      durationMs,
      billedMs: Math.ceil(durationMs + (initMs ?? 0)),
      memoryMb: spec.memoryMb,
      usedMb: oom ? spec.memoryMb : Math.ceil(usedKib / 1024),
      error: functionError ? errorType(payload) : undefined,
      status: failure?.kind === 'timeout' ? 'timeout' : functionError ? 'error' : 'success',
      logTail: '',
    };
    if (failure?.kind === 'timeout') {
      write(
        `${new Date().toISOString()} ${request.requestId} Task timed out after ${spec.timeoutS.toFixed(2)} seconds\n\n`,
      );
    }
    write(`END RequestId: ${request.requestId}\n${reportLine(record, oom)}`);
    const logTail = Buffer.from(log).subarray(-logTailBytes).toString();
    log = '';
    return { payload, functionError, streamed: answer.kind === 'stream', record: { ...record, logTail } };
  }

  /** The invoke phase: a suppressed init when no process is there, the event, the answer, within the time-out. */
  async function answerTo(
    request: InvocationRequest,
    begun: number,
  ): Promise<{ answer: RuntimeAnswer; failure?: Failure; usedKib: number }> {
    const left = (): number => spec.timeoutS * 1000 - (performance.now() - begun);
    const none: RuntimeAnswer = { kind: 'response', body: Buffer.alloc(0) };
    if (!running) {
      const { failure, ms } = await initialise(left());
      write(
        `INIT_REPORT Init Duration: ${ms.toFixed(2)} ms\tPhase: invoke\tStatus: ${failure ? statusOf(failure) : 'success'}\n`,
      );
      if (failure) return { answer: none, failure, usedKib: 0 };
    }
    const current = running as Running | undefined;
    if (!current) return { answer: none, failure: { kind: 'exit', exit: noExit }, usedKib: 0 };
    current.process.setFrozen(false);
    const outcome = await first(
      left(),
      current.process,
      exchange(current.api, { ...request, deadline: Date.now() + left() }, request.onStream),
    );
    if (outcome.kind === 'done') {
      const { answer, usedKib, broken } = outcome.value;
      current.process.setFrozen(true);
      if (broken) return { answer, failure: { kind: 'error', body: broken }, usedKib };
      if (answer.kind === 'tooLarge') {
        return {
          answer,
          failure: { kind: 'error', body: Buffer.from(JSON.stringify(tooLargeError())) },
          usedKib,
        };
      }
      return { answer, usedKib };
    }
    await current.process.kill();
    running = undefined;
    return { answer: none, failure: outcome, usedKib: current.api.peakKib() };
  }

  return {
    invoke,
    async destroy() {
      destroyed = true;
      await running?.process.kill();
      await slot.remove();
    },
  };
}

const noExit: Exit = { code: undefined, signal: undefined, oom: false };

/** The machine's fault, not the function's: told as such. */
function sandboxFailed(log: string): LocalAwsError {
  return new LocalAwsError(
    'SANDBOX_FAILED',
    `the sandbox could not be set up: ${log.trim().split('\n').slice(-3).join('; ')}`,
    {
      hint: 'start with sandbox "process", which needs nothing of the machine',
    },
  );
}

/** The process wrote its lines before its answer; two turns of the event loop bring them from the pipe. */
async function afterOutput(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
}
