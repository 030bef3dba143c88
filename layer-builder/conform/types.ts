/** What `layer-builder conform` asks of a loader, and what it answers. The protocol: docs/conform.md. */
import type { Step } from './chaos-s3.ts';

/** The last line that the loader prints. */
export interface Answer {
  readonly ok: boolean;
  readonly artifacts?: readonly { readonly name: string; readonly root: string }[];
  readonly error?: { readonly code: string };
}

/** One run of the loader, as the judge saw it. */
export interface Trial {
  /** Undefined when the last line of its output was no answer. */
  readonly answer: Answer | undefined;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
  /** Everything it printed, on both streams. */
  readonly output: string;
}

/** An object store that misbehaves. */
export interface StoreRow {
  readonly kind: 'store';
  readonly id: string;
  readonly title: string;
  /** One answer after the other, the last for ever; none: nobody listens. */
  readonly script: (zip: Buffer) => readonly Step[];
  /** Codes that name this fault; absent: the loader must succeed in the end. */
  readonly codes?: readonly string[];
  /** Most requests that may be made; a fault that no retry cures allows one. */
  readonly requests?: number;
}

/** An archive that must not be unpacked, though its digest is the lock's. */
export interface ArchiveRow {
  readonly kind: 'archive';
  readonly id: string;
  readonly title: string;
  readonly zip: Buffer;
}

/** A copy that was complete once; `tamper` gets its root. */
export interface LeftoverRow {
  readonly kind: 'leftover';
  readonly id: string;
  readonly title: string;
  readonly tamper: ((root: string) => void) | undefined;
  /** Requests of the second run; 0 when the copy is good. */
  readonly requests: 0 | 1;
}

/** The loader is killed when it is this far, then started again. */
export interface KillRow {
  readonly kind: 'kill';
  readonly id: string;
  readonly title: string;
  readonly when: 'request' | 'headers' | 'half' | { readonly msAfterBody: number };
}

/** Several loaders at once. */
export interface ManyRow {
  readonly kind: 'many';
  readonly id: string;
  readonly title: string;
  readonly processes: number;
}

/** `DEPS_DIR` is a link to a folder of somebody else. */
export interface PlantedRow {
  readonly kind: 'planted';
  readonly id: string;
  readonly title: string;
}

export type Row = StoreRow | ArchiveRow | LeftoverRow | KillRow | ManyRow | PlantedRow;

export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly passed: boolean;
  /** What was expected and found, one sentence each; empty when passed. */
  readonly problems: readonly string[];
  readonly ms: number;
}

export interface ConformReport {
  readonly command: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly rows: readonly RowResult[];
}

export interface ConformOptions {
  /** Rows whose id and title this matches; @default all */
  readonly rows?: RegExp;
  /** Rows at once. @default 2 */
  readonly concurrency?: number;
  /** `DEPS_DEADLINE_MS` of each run. @default 4000 */
  readonly deadlineMs?: number;
  /** A folder with MANIFEST.json: its archives marked `reject` become rows of C. */
  readonly archives?: string;
  /** Told of each row when it is judged. */
  readonly onRow?: (result: RowResult) => void;
}
