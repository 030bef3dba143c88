/** Facts about the functions that use a bucket → findings with what to do. Pure. */
import type { DoctorFacts, Finding, FunctionFacts, Judged } from './findings.ts';
import { check } from './findings.ts';

const monthMs = 30 * 86_400_000;

/** End of support, checked November 2026. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const runtimeEnds: Readonly<Record<string, string>> = {
  'nodejs24.x': '2028-04-30',
  'nodejs22.x': '2027-04-30',
  'nodejs20.x': '2026-04-30',
  'nodejs18.x': '2025-09-01',
  'nodejs16.x': '2024-06-12',
};

export function examineFunctions({ functions: fact, now }: DoctorFacts): Finding[] {
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

function codeSigning(mode: string): Judged {
  if (mode === 'Enforce') return { severity: 'ok', message: 'unsigned code is refused' };
  return {
    severity: 'warn',
    message:
      mode === 'Warn' ? 'unsigned code is only warned about' : 'there is no code-signing configuration',
    hint: 'with an enforced configuration the signed function package vouches, by its lock, for what comes from S3 too',
  };
}
