/** `layer-builder status`: what is published, what is deployed, and whether they agree. */
import { openRegion } from '../aws/regions.ts';
import type { Command } from '../command.ts';
import { publishGoal } from '../publish/goal.ts';
import { readStatus } from '../read/status.ts';
import { formatStatus, statusData } from '../report/status.ts';
import { bucketOptions, bucketValues, textOf } from './values.ts';

export const command: Command = {
  name: 'status',
  summary: 'what is published, what is deployed, and whether they agree',
  usage: 'layer-builder status [--bucket BUCKET] [--regions a,b]',
  example: 'layer-builder status --regions eu-west-1',
  options: {
    'layer-name': { type: 'string', help: 'name of the layers, when publish was given one' },
    ...bucketOptions,
  },
  async run({ project, env, signal }, { values }) {
    const options = { ...bucketValues(values), layerName: textOf(values, 'layer-name') };
    const goal = await publishGoal(project, undefined, options, env);
    const regions = await Promise.all(goal.targets.map(target => openRegion(env, target, signal)));
    try {
      const status = await Promise.all(regions.map(region => readStatus(region, goal)));
      const isWhole = status.every(({ readable }) => readable);
      return {
        data: statusData(goal, status),
        text: formatStatus(goal, status),
        exitStatus: isWhole ? 0 : 1,
      };
    } finally {
      for (const region of regions) region.clients.close();
    }
  },
};
