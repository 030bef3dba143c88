/** What doctor knows, and what it says of it. */
import type { LifecycleRule } from '../aws/bucket-settings.ts';

export type Severity = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Finding {
  readonly check: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
}

/** A fact, or why it could not be had. */
export type Fact<Value> =
  | { readonly known: true; readonly value: Value }
  | {
      readonly known: false;
      readonly severity: 'fail' | 'unknown';
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    };

export interface FunctionFacts {
  readonly name: string;
  readonly runtime: string;
  /** Layer versions that exist no more. */
  readonly missingLayers: readonly string[];
  /** `Enforce`, `Warn`, or `absent`. */
  readonly codeSigning: Fact<string>;
}

export interface DoctorFacts {
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly now: Date;
  /** Milliseconds that the local clock is ahead of the endpoint's. */
  readonly clockSkewMs: Fact<number>;
  readonly bucketRegion: Fact<string>;
  readonly versioning: Fact<string>;
  /** True when all four blocks of public access are on. */
  readonly publicAccessBlocked: Fact<boolean>;
  readonly policy: Fact<string>;
  readonly lifecycle: Fact<readonly LifecycleRule[]>;
  /** Keys of multipart uploads that were begun and never ended. */
  readonly uploads: Fact<readonly string[]>;
  readonly functions: Fact<readonly FunctionFacts[]>;
}

/** `code` of the failure that kept a question from being answered. */
export interface Examined extends Finding {
  readonly code?: string;
}

/** What a check says; its name is added. */
export type Judged = Omit<Finding, 'check'>;

/** Judges a fact; one that could not be had is a finding too. */
export function check<Value>(name: string, fact: Fact<Value>, judge: (value: Value) => Judged): Examined {
  if (fact.known) return { check: name, ...judge(fact.value) };
  const { severity, code, message, hint } = fact;
  return { check: name, severity, code, message: `${code}: ${message}`, ...(hint ? { hint } : {}) };
}
