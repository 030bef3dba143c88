/** Facts about a bucket → findings with what to do. Pure. */
import type { LifecycleRule } from '../aws/bucket-settings.ts';
import { bucketPolicy } from '../report/policies.ts';
import type { DoctorFacts, Examined, Judged } from './findings.ts';
import { check } from './findings.ts';
import { isWriteOnce } from './write-once.ts';

export function examineBucket(facts: DoctorFacts): Examined[] {
  return [
    check('bucket region', facts.bucketRegion, value => bucketRegion(value, facts)),
    check('versioning', facts.versioning, versioning),
    check('public access', facts.publicAccessBlocked, publicAccess),
    check('write once', facts.policy, value => writeOnce(value, facts)),
    check('lifecycle', facts.lifecycle, rules => judgeLifecycle(rules, facts.prefix)),
    check('multipart uploads', facts.uploads, uploads),
  ];
}

function bucketRegion(found: string, { bucket, region }: DoctorFacts): Judged {
  if (found === region) return { severity: 'ok', message: `${bucket} is in ${region}` };
  return {
    severity: 'fail',
    message: `${bucket} is in ${found}, not in ${region}`,
    hint: 'a layer is made from a bucket in its own region: one bucket per region, e.g. my-artifacts-{region}',
  };
}

function versioning(status: string): Judged {
  if (status === 'Enabled') return { severity: 'ok', message: 'versioning is on' };
  return {
    severity: 'warn',
    message: `versioning is ${status === '' ? 'off' : status}`,
    hint: 'turn it on: what is deleted by mistake can be brought back, and --storage reference needs it',
  };
}

function publicAccess(blocked: boolean): Judged {
  if (blocked) return { severity: 'ok', message: 'public access is blocked' };
  return {
    severity: 'warn',
    message: 'public access is not blocked',
    hint: 'turn on all four settings of Block Public Access',
  };
}

function writeOnce(policy: string, { bucket, prefix, region }: DoctorFacts): Judged {
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
export function judgeLifecycle(rules: readonly LifecycleRule[], prefix: string): Judged {
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

function uploads(keys: readonly string[]): Judged {
  const [first] = keys;
  if (first === undefined) return { severity: 'ok', message: 'none interrupted' };
  return {
    severity: 'warn',
    message: `${keys.length} interrupted, the first for ${JSON.stringify(first)}; their parts are stored and paid for`,
    hint: 'abort them, or add a lifecycle rule AbortIncompleteMultipartUpload; layer-builder itself never makes any',
  };
}
