/** `layer-builder publish`: the artifacts to S3 and as layers. */
import path from 'node:path';
import type { Command, CommandArguments, CommandContext, Outcome } from '../command.ts';
import { fail } from '../errors.ts';
import type { PublishOptions } from '../publish/index.ts';
import { planProjectPublish, publishProject } from '../publish/index.ts';
import { readJournal } from '../publish/journal.ts';
import { writeAtomically } from '../publish/lock.ts';
import { checkFormat, outputRelease } from '../publish/output.ts';
import type { StorageMode } from '../publish/types.ts';
import { storageModes } from '../publish/types.ts';
import { readPlan } from '../read/plan-file.ts';
import type { Format } from '../report/formats.ts';
import { formatPublish, formatPublishPlan, publishData, publishPlanData } from '../report/publish.ts';
import { flagOf, formatOption, listOf, textOf } from './values.ts';

export const command: Command = {
  name: 'publish',
  summary: 'the artifacts to S3 and as Lambda layers; a second time changes nothing',
  usage: 'layer-builder publish --bucket BUCKET [--regions a,b] [--layer-name NAME] [--channel NAME]',
  example: 'layer-builder publish --bucket my-artifacts-{region} --regions eu-west-1,us-east-1 --channel dev',
  options: {
    bucket: { type: 'string', help: 'bucket; {region} in it stands for each region' },
    regions: { type: 'string', multiple: true, help: 'regions, with commas (default AWS_REGION)' },
    'layer-name': { type: 'string', help: 'name of the layers; {service} and {artifact} are replaced' },
    channel: { type: 'string', help: 'move this channel to the release afterwards' },
    share: {
      type: 'string',
      multiple: true,
      help: 'account:ID, org:ID, public: who may use the layers; none (default: as before)',
    },
    storage: { type: 'string', help: 'copy (default), or reference: Lambda reads the S3 object in place' },
    'no-code': { type: 'boolean', help: 'leave the function package out of the release' },
    lock: {
      type: 'string',
      multiple: true,
      help: 'other locks than deps.lock.json, e.g. one per architecture',
    },
    'dry-run': { type: 'boolean', help: 'print the plan, write nothing' },
    'plan-out': { type: 'string', help: 'save the plan to this file, write nothing else' },
    from: { type: 'string', help: 'apply a saved plan; refused when it no longer fits' },
    format: formatOption,
    resume: { type: 'boolean', help: 'with the options of the publish that was interrupted' },
  },
  async run(context, { values }) {
    const format = checkFormat(textOf(values, 'format'));
    const options = optionsOf(context, values);
    const planOut = textOf(values, 'plan-out');
    const isDry = flagOf(values, 'dry-run') || planOut !== undefined;
    const locks = listOf(values, 'lock') ?? [undefined];
    if (locks.length > 1 && (planOut !== undefined || options.from !== undefined)) {
      fail('USAGE', `a plan is for one lock (expected --lock once, found ${locks.length})`);
    }
    const outcomes: Outcome[] = [];
    // One after the other: together they would ask Lambda for more than it grants a region.
    for (const lockFile of locks) {
      const one = { ...options, lockFile };
      outcomes.push(isDry ? await dryRun(context, one, planOut) : await publish(context, one, format));
    }
    const [only] = outcomes;
    if (only !== undefined && outcomes.length === 1) return only;
    return {
      data: { publishes: outcomes.map(({ data }) => data) },
      text: outcomes.map(({ text }) => text).join('\n\n'),
      exitStatus: outcomes.some(({ exitStatus }) => exitStatus === 1) ? 1 : 0,
    };
  },
};

function optionsOf(context: CommandContext, values: CommandArguments['values']): PublishOptions {
  const planFile = textOf(values, 'from');
  const given: PublishOptions = {
    bucket: textOf(values, 'bucket'),
    regions: listOf(values, 'regions'),
    layerName: textOf(values, 'layer-name'),
    storage: storageOf(textOf(values, 'storage')),
    share: listOf(values, 'share'),
    channel: textOf(values, 'channel'),
    code: flagOf(values, 'no-code') ? false : undefined,
  };
  return {
    ...(flagOf(values, 'resume') ? readJournal(context.project) : {}),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    from: planFile === undefined ? undefined : readPlan(path.resolve(planFile)),
    progress: context.progress,
    signal: context.signal,
  };
}

async function dryRun(
  context: CommandContext,
  options: PublishOptions,
  planOut: string | undefined,
): Promise<Outcome> {
  const plan = await planProjectPublish(context.project, options, context.env);
  const data = publishPlanData(plan);
  if (planOut !== undefined) {
    writeAtomically(path.resolve(planOut), `${JSON.stringify(data, null, 2)}\n`);
  }
  const isReadable = plan.regions.every(({ error }) => error === undefined);
  return { data, text: formatPublishPlan(plan), exitStatus: isReadable ? 0 : 1 };
}

async function publish(
  context: CommandContext,
  options: PublishOptions,
  format: Format | undefined,
): Promise<Outcome> {
  const report = await publishProject(context.project, options, context.env);
  const data = publishData(report);
  const exitStatus = report.complete ? 0 : 1;
  if (format === undefined || report.release === undefined) {
    return { data, text: formatPublish(report), exitStatus };
  }
  for (const line of formatPublish(report).split('\n')) context.warn(line);
  const text = await outputRelease(format, report.released, report.release, context.env, context.signal);
  return { data: format === 'json' ? JSON.parse(text) : data, text, exitStatus };
}

function storageOf(word: string | undefined): StorageMode | undefined {
  if (word === undefined) return undefined;
  const mode = storageModes.find(mode => mode === word);
  return (
    mode ?? fail('USAGE', `no way to store a layer (expected ${storageModes.join(' or ')}, found "${word}")`)
  );
}
