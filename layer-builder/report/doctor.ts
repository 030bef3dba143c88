/** Findings and policies for people and as JSON. Pure. */
import type { Finding } from '../plan/findings.ts';
import type { Policy } from './policies.ts';
import { table } from './table.ts';

export interface RegionFindings {
  readonly region: string;
  readonly bucket: string;
  readonly findings: readonly Finding[];
}

export interface Policies {
  readonly function: Policy;
  readonly publisher: Policy;
  readonly collector: Policy;
  readonly inspector: Policy;
  readonly deployer: Policy;
  readonly roleMaker: Policy;
  readonly buckets: Readonly<Record<string, Policy>>;
}

export function doctorData(regions: readonly RegionFindings[], policies: Policies) {
  return { regions, policies };
}

export function formatDoctor(regions: readonly RegionFindings[]): string {
  const lines = regions.flatMap(({ region, bucket, findings }) => [
    `${region}, s3://${bucket}`,
    ...table(findings.map(({ severity, check, message }) => [`  ${severity}`, check, message])),
    ...formatHints(findings),
  ]);
  return [
    ...lines,
    '"doctor --policies" prints the policies for publisher, collector, inspector, deployer, function and bucket',
  ].join('\n');
}

/** One line a hint, with all that it is for. */
function formatHints(findings: readonly Finding[]): string[] {
  const hinted = findings.filter(({ hint, severity }) => hint !== undefined && severity !== 'unknown');
  return [...Map.groupBy(hinted, ({ hint }) => hint)].map(
    ([hint, of]) => `  hint, ${of.map(({ check }) => check).join(', ')}: ${hint}`,
  );
}

export function formatPolicies({
  function: ofFunction,
  publisher,
  collector,
  inspector,
  deployer,
  roleMaker,
  buckets,
}: Policies): string {
  const parts: [string, Policy][] = [
    ['the function: its execution role', ofFunction],
    ['the publisher: publish, list, diff, promote --channel-only', publisher],
    ['the collector: gc and status, besides the publisher’s', collector],
    ['the inspector: doctor, besides both', inspector],
    ['the deployer: deploy; promote and rollback, besides the publisher’s', deployer],
    ['the role maker: deploy --create-role, besides the deployer’s', roleMaker],
    ...Object.entries(buckets).map(([bucket, policy]): [string, Policy] => [
      `the policy of bucket ${bucket}`,
      policy,
    ]),
  ];
  return parts.map(([title, policy]) => `# ${title}\n${JSON.stringify(policy, null, 2)}`).join('\n\n');
}
