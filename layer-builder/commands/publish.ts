/** `layer-builder publish`: the artifacts to S3 and as layers. */
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { publishProject } from '../publish/index.ts';
import type { StorageMode } from '../publish/types.ts';
import { storageModes } from '../publish/types.ts';
import { formatPublish, publishData } from '../report/publish.ts';
import { listOf, textOf } from './values.ts';

export const command: Command = {
  name: 'publish',
  summary: 'the artifacts to S3 and as Lambda layers; a second time changes nothing',
  usage: 'layer-builder publish --bucket BUCKET [--regions a,b] [--layer-name NAME]',
  example: 'layer-builder publish --bucket my-artifacts-{region} --regions eu-west-1,us-east-1',
  options: {
    bucket: { type: 'string', help: 'bucket; {region} in it stands for each region' },
    regions: { type: 'string', multiple: true, help: 'regions, with commas (default AWS_REGION)' },
    'layer-name': { type: 'string', help: 'name of the layers; {service} and {artifact} are replaced' },
    storage: {
      type: 'string',
      default: 'copy',
      help: 'copy, or reference: Lambda reads the S3 object in place',
    },
    lock: { type: 'string', help: 'another lock than deps.lock.json' },
  },
  async run(context, { values }) {
    const report = await publishProject(
      context.project,
      {
        bucket: textOf(values, 'bucket'),
        regions: listOf(values, 'regions'),
        layerName: textOf(values, 'layer-name'),
        storage: storageOf(textOf(values, 'storage')),
        lockFile: textOf(values, 'lock'),
        progress: context.progress,
        signal: context.signal,
      },
      context.env,
    );
    return {
      data: publishData(report),
      text: formatPublish(report),
      exitStatus: report.complete ? 0 : 1,
    };
  },
};

function storageOf(word: string | undefined): StorageMode {
  const mode = storageModes.find(mode => mode === word);
  return (
    mode ?? fail('USAGE', `no way to store a layer (expected ${storageModes.join(' or ')}, found "${word}")`)
  );
}
