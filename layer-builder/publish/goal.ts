/** Configuration, options and lock → what is wanted. Every wrong word is found here, before any call. */
import type { Lock } from '../../artifact/lock.ts';
import { defaultRegion } from '../aws/clients.ts';
import type { Share } from '../aws/sharing.ts';
import { isShare } from '../aws/sharing.ts';
import { readConfig } from '../config.ts';
import { fail } from '../errors.ts';
import { readLock } from '../read/built.ts';
import type { Config } from '../types.ts';
import { checkChannelName } from './channel.ts';
import { layerName } from './names.ts';
import type { PublishGoal, StorageMode, Target } from './types.ts';

/** A function takes at most 5 layers and 262,144,000 bytes unpacked, its own code included. */
const mostLayers = 5;
const mostUnpackedBytes = 262_144_000;

/** S3's rules for names of buckets, without the rare exclusions. */
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const regionPattern = /^[a-z]{2,3}(-[a-z]+)+-\d{1,2}$/;
const layerPattern = /^[a-zA-Z0-9_-]{1,140}$/;

export interface GoalOptions {
  /** May hold `{region}`. */
  readonly bucket?: string | undefined;
  readonly regions?: readonly string[] | undefined;
  /** May hold `{service}`, `{artifact}`, `{architecture}` and `{runtime}`. */
  readonly layerName?: string | undefined;
  readonly storage?: StorageMode | undefined;
  /** `none` alone: nobody. @default whomever the release before is shared with */
  readonly share?: readonly string[] | undefined;
  readonly channel?: string | undefined;
  /** False leaves the function package out of the release. @default true where the project has an app */
  readonly code?: boolean | undefined;
}

/**
 * Reads configuration and lock, wrong usage first.
 *
 * Throws `BUCKET_REQUIRED`, `REGION_REQUIRED`, `USAGE` for names that AWS would refuse, `BUILD_NOT_FOUND`,
 * `LAYER_LIMIT` when the artifacts can never be attached to one function.
 */
export async function publishGoal(
  project: string,
  lockFile: string | undefined,
  options: GoalOptions,
  env: NodeJS.ProcessEnv,
): Promise<PublishGoal> {
  const config = await readConfig(project);
  const targets = await targetsOf(config, options, env);
  const named = options.share ?? [];
  const share = named.join() === 'none' ? [] : named.map(checkedShare);
  const channel = options.channel === undefined ? null : checkChannelName(options.channel);
  const lock = readLock(project, lockFile);
  checkLimits(lock);
  const layerNames = layerNamesOf(lock, options.layerName ?? config.layerName);
  return { lock, targets, layerNames, storage: options.storage ?? 'copy', share, code: null, channel };
}

/** Regions with their buckets, from options, else configuration, else environment. */
export async function targetsOf(
  config: Pick<Config, 'bucket' | 'regions'>,
  options: Pick<GoalOptions, 'bucket' | 'regions'>,
  env: NodeJS.ProcessEnv,
): Promise<Target[]> {
  const template = options.bucket ?? config.bucket;
  if (template === undefined) {
    return fail(
      'BUCKET_REQUIRED',
      'no bucket (expected --bucket NAME or "bucket" in the configuration, found neither)',
      {
        hint: 'for example: --bucket my-artifacts, or --bucket my-artifacts-{region} for one bucket per region',
      },
    );
  }
  const named = options.regions?.length ? options.regions : config.regions;
  const regions = named.length > 0 ? named : [await defaultRegion(env)];
  return [...new Set(regions)].map(region => {
    if (region === undefined) {
      return fail(
        'REGION_REQUIRED',
        'no region (expected --regions, "regions" in the configuration or AWS_REGION, found none)',
        {
          hint: 'for example: --regions eu-west-1,us-east-1',
        },
      );
    }
    if (!regionPattern.test(region))
      fail('USAGE', `no region of AWS (expected e.g. eu-west-1, found "${region}")`);
    const bucket = template.replaceAll('{region}', region);
    if (!bucketPattern.test(bucket)) {
      fail('USAGE', `no name for a bucket (expected 3 to 63 of a-z 0-9 . -, found "${bucket}")`, {
        hint: 'only the name, without s3:// and without a path; "prefix" in the configuration is the folder',
      });
    }
    return { region, bucket };
  });
}

function layerNamesOf(lock: Lock, template: string): Record<string, string> {
  const names = lock.artifacts.map((artifact): [string, string] => {
    const name = layerName(template, { ...lock, artifact: artifact.name });
    if (!layerPattern.test(name)) {
      fail('USAGE', `no name for a layer (expected 1 to 140 of a-z A-Z 0-9 - _, found "${name}")`, {
        hint: 'the template may hold {service}, {artifact}, {architecture} and {runtime}',
      });
    }
    return [artifact.name, name];
  });
  if (new Set(names.map(([, name]) => name)).size < names.length) {
    fail('USAGE', `one layer name for several artifacts (expected {artifact} in it, found "${template}")`, {
      hint: `for example: --layer-name ${template}-{artifact}`,
    });
  }
  return Object.fromEntries(names);
}

function checkedShare(text: string): Share {
  if (isShare(text)) return text;
  return fail(
    'USAGE',
    `nobody to share with (expected account:123456789012, org:o-abcdefghij, public or none, found "${text}")`,
  );
}

function checkLimits({ artifacts }: Lock) {
  const details = {
    artifacts: artifacts.map(({ name, unpackedSize }) => ({ name, unpackedSizeBytes: unpackedSize })),
  };
  if (artifacts.length > mostLayers) {
    fail(
      'LAYER_LIMIT',
      `too many artifacts for one function (expected at most ${mostLayers} layers, found ${artifacts.length})`,
      {
        hint: 'put packages together in fewer artifacts; nothing was uploaded',
        details,
      },
    );
  }
  const total = artifacts.reduce((sum, artifact) => sum + artifact.unpackedSize, 0);
  if (total > mostUnpackedBytes) {
    fail(
      'LAYER_LIMIT',
      `the layers are too large together (expected at most ${mostUnpackedBytes} bytes unpacked, found ${total})`,
      {
        hint: '"layer-builder plan" shows what is heavy; nothing was uploaded',
        details,
      },
    );
  }
}
