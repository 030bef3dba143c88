/** What the loader is told: complete, readonly, every default filled in. Read from the environment by environment.ts. */
import type { Clock } from './clock.ts';
import type { Credentials } from './download/credentials.ts';
import type { LoaderEvent } from './events.ts';

export const sources = ['auto', 'layer', 's3'] as const;
/** `DEPS_SOURCE`: which ways the loader may go. */
export type SourceChoice = (typeof sources)[number];

/** Bounds of a download; every figure in milliseconds unless its name says otherwise. */
export interface DownloadLimits {
  /** Attempts in all, the first included; a hedge is not one. @default 4 */
  readonly attempts: number;
  /** TCP (and TLS) must stand by then. @default 1000 */
  readonly connectMs: number;
  /** No header by then: a second request is sent beside the first. @default 2000 */
  readonly firstByteMs: number;
  /** Body silent for so long: the connection is given up. @default 2000 */
  readonly stallMs: number;
  /** One attempt, from connect to last byte. @default 6000 */
  readonly attemptMs: number;
  /** Slower than this over `throughputWindowMs`: the connection is given up. @default 16384 */
  readonly minBytesPerSecond: number;
  /** @default 2000 */
  readonly throughputWindowMs: number;
  /** First ceiling of the full jitter; it doubles. @default 50 */
  readonly backoffMs: number;
  /** Last ceiling of the full jitter. @default 1000 */
  readonly backoffCapMs: number;
  /** A longer `Retry-After` than this is cut to it. @default 2000 */
  readonly retryAfterCapMs: number;
}

export interface LoaderSettings {
  readonly source: SourceChoice;
  /** Absolute path of the store of unpacked artifacts. @default /tmp/deps */
  readonly dir: string;
  /** Where layers are mounted. @default /opt */
  readonly layerRoot: string;
  /** The function package: its own `node_modules` come first. */
  readonly taskRoot: string;
  /** All of R2 to R6 must be over by then. The edge passes less when less time is left. @default 8000 */
  readonly deadlineMs: number;
  /**
   * Bound of a start that finds the store of an earlier one without what is needed. Lambda repeats an init phase that
   * was killed inside the next invocation, in the function's own time-out, which no variable tells: better a 503 in time.
   * Undefined where no init is repeated. @default 1500 in Lambda
   */
  readonly repeatedInitMs: number | undefined;
  /** Of the function; undefined outside of Lambda. */
  readonly memoryMb: number | undefined;
  /** Files from which on an artifact is unpacked by two threads, where there are cores for both. @default 4000 */
  readonly manyFiles?: number;
  readonly region: string | undefined;
  /** Custom S3 endpoint, `http://…` or `https://…`; path style. */
  readonly endpoint: string | undefined;
  readonly dualStack: boolean;
  readonly fips: boolean;
  /** Reads the credentials afresh at each call, so that rotated ones are found. */
  readonly credentials: (deadlineMs: number) => Promise<Credentials>;
  readonly limits: DownloadLimits;
  /** Told of everything worth a log line; never receives a secret. */
  readonly log: (event: LoaderEvent) => void;
  readonly clock: Clock;
  /** Source of jitter, [0, 1). */
  readonly random: () => number;
  /** Called once S3 has been asked: work that needs no artifact costs nothing while the answer is on its way. */
  readonly meanwhile?: () => void;
}
