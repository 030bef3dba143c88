/** `layer-builder doctor`: what is wrong or could go wrong, and the policies that are enough. */
import { openRegion } from '../aws/regions.ts';
import type { Command } from '../command.ts';
import { readConfig } from '../config.ts';
import { fail } from '../errors.ts';
import { diagnose } from '../plan/doctor.ts';
import { targetsOf } from '../publish/goal.ts';
import { folderOf, layerName } from '../publish/names.ts';
import { readDoctorFacts } from '../read/doctor.ts';
import { deployerPolicy, roleMakerPolicy } from '../report/deploy-policies.ts';
import { doctorData, formatDoctor, formatPolicies } from '../report/doctor.ts';
import {
  bucketPolicy,
  collectorPolicy,
  functionPolicy,
  inspectorPolicy,
  publisherPolicy,
} from '../report/policies.ts';
import { bucketOptions, bucketValues, flagOf, textOf } from './values.ts';

export const command: Command = {
  name: 'doctor',
  summary: 'check credentials, bucket, permissions, functions; print IAM policies',
  usage: 'layer-builder doctor [--policies] [--account ID]',
  example: 'layer-builder doctor --bucket my-artifacts --policies --account 123456789012',
  options: {
    policies: { type: 'boolean', help: 'print the IAM policies only; asks AWS nothing' },
    account: { type: 'string', help: 'account in the policies (default any, that is the own)' },
    ...bucketOptions,
  },
  async run({ project, env, signal }, { values }) {
    const config = await readConfig(project);
    const targets = await targetsOf(config, bucketValues(values), env);
    const prefix = folderOf(config.prefix);
    const layerNames = config.artifacts.map(({ name }) =>
      layerName(config.layerName, { ...config, artifact: name }),
    );
    const facts = {
      buckets: [...new Set(targets.map(({ bucket }) => bucket))],
      prefix,
      regions: targets.map(({ region }) => region),
      layerNames,
      account: accountOf(textOf(values, 'account')),
      service: config.service,
    };
    const policies = {
      function: functionPolicy(facts),
      publisher: publisherPolicy(facts),
      collector: collectorPolicy(facts),
      inspector: inspectorPolicy(facts),
      deployer: deployerPolicy(facts),
      roleMaker: roleMakerPolicy(facts),
      buckets: Object.fromEntries(
        targets.map(({ bucket, region }) => [bucket, bucketPolicy(bucket, prefix, region)]),
      ),
    };
    if (flagOf(values, 'policies')) return { data: { policies }, text: formatPolicies(policies) };
    const regions = await Promise.all(targets.map(target => openRegion(env, target, signal)));
    try {
      const findings = await Promise.all(
        regions.map(async region => {
          const scope = { prefix, service: config.service, layerNames };
          return {
            region: region.region,
            bucket: region.bucket,
            findings: diagnose(await readDoctorFacts(region, scope)),
          };
        }),
      );
      const failed = findings.some(region => region.findings.some(({ severity }) => severity === 'fail'));
      return {
        data: doctorData(findings, policies),
        text: formatDoctor(findings),
        exitStatus: failed ? 1 : 0,
      };
    } finally {
      for (const region of regions) region.clients.close();
    }
  },
};

function accountOf(word: string | undefined): string {
  if (word === undefined) return '*';
  if (/^\d{12}$/.test(word)) return word;
  return fail('USAGE', `no account (expected 12 digits, found ${JSON.stringify(word)})`);
}
