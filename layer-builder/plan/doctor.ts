/** Facts about a bucket and its users → findings with what to do. Pure. */
import type { LifecycleRule } from '../aws/bucket-settings.ts';
import { bucketPolicy } from '../report/policies.ts';
import { isWriteOnce } from './write-once.ts';

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

/** S3 and Lambda refuse requests that are more than 15 minutes off. */
const refusedSkewMs = 900_000;
const noticedSkewMs = 60_000;
const monthMs = 30 * 86_400_000;

/** End of support, checked November 2026. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const runtimeEnds: Readonly<Record<string, string>> = {
  'nodejs24.x': '2028-04-30',
  'nodejs22.x': '2027-04-30',
  'nodejs20.x': '2026-04-30',
  'nodejs18.x': '2025-09-01',
  'nodejs16.x': '2024-06-12',
};

/** What everything else depends on, and the failure that says so of itself. */
const foundations = [
  { check: 'endpoint', message: 'it answers', codes: ['ENDPOINT_UNREACHABLE'] },
  {
    check: 'credentials',
    message: 'they are taken',
    codes: ['CREDENTIALS_MISSING', 'CREDENTIALS_REJECTED'],
  },
  { check: 'bucket', message: 'it is there', codes: ['BUCKET_NOT_FOUND'] },
] as const;

/** One finding a cause: whatever fails because of a foundation is told once, under the foundation's name. */
export function diagnose(facts: DoctorFacts): Finding[] {
  const findings = examine(facts);
  const isOf = (codes: readonly string[]) => (finding: Examined) => codes.includes(finding.code ?? '');
  const base = foundations.map(({ check, message, codes }): Examined => {
    const first = findings.find(isOf(codes));
    return first === undefined ? { check, severity: 'ok', message } : { ...first, check };
  });
  const isRefused = findings.some(isOf(foundations[1].codes));
  const explained = [
    ...foundations.flatMap(({ codes }): readonly string[] => codes),
    // Without a body S3's refusal of credentials looks like one of a permission.
    ...(isRefused ? ['ACCESS_DENIED'] : []),
  ];
  // What could not be reached was neither there nor taken.
  const broken = base.findIndex(({ severity }) => severity !== 'ok');
  const told = broken === -1 ? base : base.slice(0, broken + 1);
  return [...told, ...findings.filter(finding => !isOf(explained)(finding))].map(
    ({ code: _, ...finding }) => finding,
  );
}

/** `code` of the failure that kept a question from being answered. */
interface Examined extends Finding {
  readonly code?: string;
}

function examine(facts: DoctorFacts): Examined[] {
  return [
    check('clock', facts.clockSkewMs, clock),
    check('bucket region', facts.bucketRegion, value => bucketRegion(value, facts)),
    check('versioning', facts.versioning, versioning),
    check('public access', facts.publicAccessBlocked, publicAccess),
    check('write once', facts.policy, value => writeOnce(value, facts)),
    check('lifecycle', facts.lifecycle, rules => judgeLifecycle(rules, facts.prefix)),
    check('multipart uploads', facts.uploads, uploads),
    ...functions(facts),
  ];
}

function check<Value>(
  name: string,
  fact: Fact<Value>,
  judge: (value: Value) => Omit<Finding, 'check'>,
): Examined {
  if (fact.known) return { check: name, ...judge(fact.value) };
  const { severity, code, message, hint } = fact;
  return { check: name, severity, code, message: `${code}: ${message}`, ...(hint ? { hint } : {}) };
}

function clock(skewMs: number): Omit<Finding, 'check'> {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const message = `this clock is ${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(skewMs) < noticedSkewMs) return { severity: 'ok', message: 'the clock agrees' };
  const severity = Math.abs(skewMs) < refusedSkewMs ? 'warn' : 'fail';
  return { severity, message, hint: 'set the clock (NTP): AWS refuses signatures that are 15 minutes off' };
}

function bucketRegion(found: string, { bucket, region }: DoctorFacts): Omit<Finding, 'check'> {
  if (found === region) return { severity: 'ok', message: `${bucket} is in ${region}` };
  return {
    severity: 'fail',
    message: `${bucket} is in ${found}, not in ${region}`,
    hint: 'a layer is made from a bucket in its own region: one bucket per region, e.g. my-artifacts-{region}',
  };
}

function versioning(status: string): Omit<Finding, 'check'> {
  if (status === 'Enabled') return { severity: 'ok', message: 'versioning is on' };
  return {
    severity: 'warn',
    message: `versioning is ${status === '' ? 'off' : status}`,
    hint: 'turn it on: what is deleted by mistake can be brought back, and --storage reference needs it',
  };
}

function publicAccess(blocked: boolean): Omit<Finding, 'check'> {
  if (blocked) return { severity: 'ok', message: 'public access is blocked' };
  return {
    severity: 'warn',
    message: 'public access is not blocked',
    hint: 'turn on all four settings of Block Public Access',
  };
}

function writeOnce(policy: string, { bucket, prefix, region }: DoctorFacts): Omit<Finding, 'check'> {
  const wanted = bucketPolicy(bucket, prefix, region);
  const open = wanted.Statement.flatMap(({ Resource }) => Resource).filter(
    resource => !isWriteOnce(policy, resource),
  );
  if (open.length === 0) return { severity: 'ok', message: 'writing over an artifact is refused' };
  return {
    severity: 'warn',
    message: `the bucket policy lets ${open.map(arn => arn.replace(/^.*:::/, 's3://')).join(' and ')} be written over`,
    hint: `add this policy to the bucket: ${JSON.stringify(wanted)}`,
  };
}

/** A rule that ends live objects works against gc: it asks nobody. */
export function judgeLifecycle(rules: readonly LifecycleRule[], prefix: string): Omit<Finding, 'check'> {
  const folders = ['sha256/', 'releases/', 'channels/'].map(folder => `${prefix}${folder}`);
  const touches = (rule: LifecycleRule) =>
    folders.some(folder => folder.startsWith(rule.prefix) || rule.prefix.startsWith(folder));
  const frozen = rules.find(rule => rule.enabled && rule.archives && touches(rule));
  if (frozen !== undefined) {
    return {
      severity: 'fail',
      message: `lifecycle rule ${JSON.stringify(frozen.id)} moves live objects below "${frozen.prefix}" to an archive, from which no cold start can read`,
      hint: 'remove that transition: artifacts are small; "layer-builder gc" deletes what nothing uses',
    };
  }
  const bad = rules.find(rule => rule.enabled && rule.expires && touches(rule));
  if (bad !== undefined) {
    return {
      severity: 'fail',
      message: `lifecycle rule ${JSON.stringify(bad.id)} deletes live objects below "${bad.prefix}"`,
      hint: 'remove its expiration: "layer-builder gc" deletes what nothing uses; expire noncurrent versions instead',
    };
  }
  const message = 'no rule deletes live objects';
  if (rules.some(rule => rule.enabled && rule.abortsUploads)) return { severity: 'ok', message };
  return {
    severity: 'ok',
    message: `${message}; none ends interrupted multipart uploads`,
    hint: 'other tools may leave some: add AbortIncompleteMultipartUpload after 7 days',
  };
}

function uploads(keys: readonly string[]): Omit<Finding, 'check'> {
  const [first] = keys;
  if (first === undefined) return { severity: 'ok', message: 'none interrupted' };
  return {
    severity: 'warn',
    message: `${keys.length} interrupted, the first for ${JSON.stringify(first)}; their parts are stored and paid for`,
    hint: 'abort them, or add a lifecycle rule AbortIncompleteMultipartUpload; layer-builder itself never makes any',
  };
}

function functions({ functions: fact, now }: DoctorFacts): Finding[] {
  if (!fact.known) return [check('functions', fact, () => ({ severity: 'ok', message: '' }))];
  return fact.value.flatMap(found => [
    ...layersOf(found),
    runtime(found, now),
    check(`code signing of ${found.name}`, found.codeSigning, codeSigning),
  ]);
}

function layersOf({ name, missingLayers }: FunctionFacts): Finding[] {
  return missingLayers.map(arn => ({
    check: `layers of ${name}`,
    severity: 'fail',
    message: `${name} refers to ${arn}, which was deleted: it runs, but cannot be changed or rolled back to`,
    hint: '"layer-builder publish" or "rollback" makes the layer again from the same bytes; then deploy',
  }));
}

function runtime({ name, runtime: found }: FunctionFacts, now: Date): Finding {
  const check = `runtime of ${name}`;
  const end = runtimeEnds[found];
  if (end === undefined)
    return { check, severity: 'unknown', message: `${found || 'a container image'}: no date known` };
  const left = Date.parse(end) - now.getTime();
  if (left > 6 * monthMs) return { check, severity: 'ok', message: `${found} is supported until ${end}` };
  const message =
    left > 0 ? `${found} is supported until ${end} only` : `${found} has not been supported since ${end}`;
  return {
    check,
    severity: left > 0 ? 'warn' : 'fail',
    message,
    hint: 'set "runtime" to nodejs24.x, build, publish, deploy',
  };
}

function codeSigning(mode: string): Omit<Finding, 'check'> {
  if (mode === 'Enforce') return { severity: 'ok', message: 'unsigned code is refused' };
  return {
    severity: 'warn',
    message:
      mode === 'Warn' ? 'unsigned code is only warned about' : 'there is no code-signing configuration',
    hint: 'with an enforced configuration the signed function package vouches, by its lock, for what comes from S3 too',
  };
}
