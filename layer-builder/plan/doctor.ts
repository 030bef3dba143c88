/** Facts about a bucket and its users → findings with what to do. Pure. */
import { examineBucket } from './doctor-bucket.ts';
import { examineFunctions } from './doctor-functions.ts';
import type { DoctorFacts, Examined, Finding, Judged } from './findings.ts';
import { check } from './findings.ts';

/** S3 and Lambda refuse requests that are more than 15 minutes off. */
const refusedSkewMs = 900_000;
const noticedSkewMs = 60_000;

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

function examine(facts: DoctorFacts): Examined[] {
  return [check('clock', facts.clockSkewMs, clock), ...examineBucket(facts), ...examineFunctions(facts)];
}

function clock(skewMs: number): Judged {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const message = `this clock is ${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(skewMs) < noticedSkewMs) return { severity: 'ok', message: 'the clock agrees' };
  const severity = Math.abs(skewMs) < refusedSkewMs ? 'warn' : 'fail';
  return { severity, message, hint: 'set the clock (NTP): AWS refuses signatures that are 15 minutes off' };
}
