/** `layer-builder gc`: delete what nothing can reach. */
import { openBucketSettings } from '../aws/bucket-settings.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { openRemoval } from '../aws/removal.ts';
import type { Command } from '../command.ts';
import { readConfig } from '../config.ts';
import { fail } from '../errors.ts';
import { judgeLifecycle } from '../plan/doctor-bucket.ts';
import { planGc } from '../plan/gc.ts';
import { targetsOf } from '../publish/goal.ts';
import { folderOf, layerName } from '../publish/names.ts';
import { readGcWorld, readShared } from '../read/gc.ts';
import { formatGc, gcData } from '../report/gc.ts';
import { bucketOptions, bucketValues, flagOf, textOf } from './values.ts';

const hourMs = 3_600_000;

export const command: Command = {
  name: 'gc',
  summary: 'delete what nothing can reach; shows only, unless --apply',
  usage: 'layer-builder gc [--keep N] [--grace-hours N] [--apply]',
  example: 'layer-builder gc --bucket my-artifacts --keep 5',
  options: {
    keep: { type: 'string', default: '10', help: 'newest releases to keep of each service and architecture' },
    'grace-hours': { type: 'string', default: '24', help: 'younger things stay: a publish may be under way' },
    apply: { type: 'boolean', help: 'delete; without it nothing is changed' },
    ...bucketOptions,
  },
  async run({ project, env, signal, progress, warn }, { values }) {
    const rules = {
      keepReleases: numberOf(values['keep'], '--keep'),
      graceMs: numberOf(values['grace-hours'], '--grace-hours') * hourMs,
    };
    const config = await readConfig(project);
    const targets = await targetsOf(config, bucketValues(values), env);
    const regions = await Promise.all(targets.map(target => openRegion(env, target, signal)));
    try {
      const prefix = folderOf(config.prefix);
      const layerNames = config.artifacts.map(({ name }) =>
        layerName(config.layerName, { ...config, artifact: name }),
      );
      const world = await readGcWorld({ regions, prefix, layerNames, now: Date.now() });
      const unreached = new Set(planGc(world, rules).delete.map(({ name }) => name));
      const plan = planGc(await readShared(regions, world, unreached), rules);
      for (const line of await auditLifecycles(regions, prefix)) warn(line);
      const applied = flagOf(values, 'apply');
      if (applied) {
        for (const item of plan.delete) {
          progress(`deleting ${item.name}`);
          const region = regions.find(region =>
            item.kind === 'layer' ? region.region === item.region : region.bucket === item.bucket,
          );
          if (region === undefined) continue;
          const removal = await openRemoval(region.clients, region.call);
          if (item.kind === 'layer') await removal.layerVersion(item.name);
          else await removal.object(item.bucket, item.key);
        }
      }
      return { data: gcData(plan, applied), text: formatGc(plan, applied) };
    } finally {
      for (const region of regions) region.clients.close();
    }
  },
};

/** Warnings about lifecycle rules that delete what gc keeps; a bucket that does not tell is left to `doctor`. */
async function auditLifecycles(regions: readonly Region[], prefix: string): Promise<string[]> {
  const warnings = await Promise.all(
    regions.map(async ({ clients, call, bucket }) => {
      const settings = await openBucketSettings(clients, call, bucket);
      const rules = await settings.lifecycle().catch(() => []);
      const { severity, message, hint } = judgeLifecycle(rules, prefix);
      return severity === 'fail' ? [`warning: s3://${bucket}: ${message}; ${hint}`] : [];
    }),
  );
  return warnings.flat();
}

function numberOf(value: string | boolean | undefined, option: string): number {
  const number = Number(value);
  if (typeof value === 'string' && /^\d{1,5}$/.test(value)) return number;
  return fail(
    'USAGE',
    `no number (expected ${option} 0 to 99999, found ${JSON.stringify(textOf({ value }, 'value'))})`,
  );
}
