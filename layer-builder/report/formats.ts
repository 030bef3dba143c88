/** A release in the form that other tools take. Pure. */
import type { Lock } from '../../artifact/lock.ts';
import { regionsOf } from '../publish/release.ts';

export const formats = ['json', 'env', 'cdk', 'sam', 'serverless', 'terraform', 'ssm'] as const;
export type Format = (typeof formats)[number];

/** One artifact in one region. */
export interface Output {
  readonly region: string;
  readonly artifact: string;
  readonly digest: string;
  readonly layerVersionArn: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
}

export interface Parameter {
  readonly region: string;
  readonly name: string;
  readonly value: string;
}

export function outputsOf(lock: Lock): Output[] {
  return regionsOf(lock).flatMap(region =>
    lock.artifacts.map((artifact): Output => {
      const { bucket = '', versionId = null, layerVersionArn = '' } = artifact.published[region] ?? {};
      const { name, digest, s3 } = artifact;
      return { region, artifact: name, digest, layerVersionArn, bucket, key: s3.key, versionId };
    }),
  );
}

/** The text of one format; docs/publishing.md shows how each tool takes it. */
export function formatRelease(format: Format, lock: Lock, release: string): string {
  const outputs = outputsOf(lock);
  switch (format) {
    case 'json':
      return json({ service: lock.service, release, outputs });
    case 'env':
      return environment(outputs, release);
    case 'cdk':
      return json({ context: { [`layer-builder:${lock.service}`]: { release, ...byRegion(outputs) } } });
    case 'sam':
      return mappings(lock.service, outputs);
    case 'serverless':
      return yaml(byRegion(outputs));
    case 'terraform':
      return json({ layer_builder: { release, regions: byRegion(outputs) } });
    case 'ssm':
      return parametersOf(lock, release)
        .map(({ region, name, value }) => `${region} ${name} ${value}`)
        .join('\n');
  }
}

/** `/layer-builder/<service>/<architecture>/…`: the release, and of each artifact ARN and digest. */
export function parametersOf(lock: Lock, release: string): Parameter[] {
  const folder = `/layer-builder/${lock.service}/${lock.architecture}`;
  return regionsOf(lock).flatMap(region => [
    { region, name: `${folder}/release`, value: release },
    ...outputsOf(lock)
      .filter(output => output.region === region)
      .flatMap(({ artifact, layerVersionArn, digest }) => [
        { region, name: `${folder}/${artifact}/arn`, value: layerVersionArn },
        { region, name: `${folder}/${artifact}/digest`, value: digest },
      ]),
  ]);
}

type ByRegion = Record<string, Record<string, { arn: string; digest: string; bucket: string; key: string }>>;

function byRegion(outputs: readonly Output[]): ByRegion {
  const result: ByRegion = {};
  for (const { region, artifact, layerVersionArn, digest, bucket, key } of outputs) {
    result[region] ??= {};
    result[region][artifact] = { arn: layerVersionArn, digest, bucket, key };
  }
  return result;
}

/** For `source`, `docker --env-file` and CI: with several regions each name ends in its own. */
function environment(outputs: readonly Output[], release: string): string {
  const isOne = new Set(outputs.map(({ region }) => region)).size <= 1;
  const lines = outputs.flatMap(({ artifact, region, layerVersionArn, digest }) => {
    const end = isOne ? '' : `_${upper(region)}`;
    return [
      `DEPS_${upper(artifact)}_ARN${end}=${layerVersionArn}`,
      `DEPS_${upper(artifact)}_DIGEST${end}=${digest}`,
    ];
  });
  return [`DEPS_RELEASE=${release}`, ...new Set(lines)].join('\n');
}

/**
 * CloudFormation: `!FindInMap [SvcLayers, !Ref AWS::Region, core]`, `coreDigest`. The names in a mapping are letters and
 * digits only, so that `heavy-set` becomes `heavySet`.
 */
function mappings(service: string, outputs: readonly Output[]): string {
  const words = service.split(/[^a-zA-Z0-9]+/).filter(word => word !== '');
  const id = `${words.map(word => word[0]?.toUpperCase() + word.slice(1)).join('')}Layers`;
  const regions = Object.entries(byRegion(outputs)).map(([region, artifacts]) => [
    region,
    Object.fromEntries(
      Object.entries(artifacts).flatMap(([name, { arn, digest }]) => [
        [camel(name), arn],
        [camel(`${name}-digest`), digest],
      ]),
    ),
  ]);
  return yaml({ Mappings: { [id]: Object.fromEntries(regions) } });
}

function camel(name: string): string {
  return name.replaceAll(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

type Tree = { readonly [key: string]: string | Tree };

/** Every text in double quotes: JSON's are YAML's, and no name or region is taken for a number or a boolean. */
function yaml(tree: Tree, indent = ''): string {
  return Object.entries(tree)
    .map(([key, value]) =>
      typeof value === 'string'
        ? `${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}`
        : `${indent}${JSON.stringify(key)}:\n${yaml(value, `${indent}  `)}`,
    )
    .join('\n');
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function upper(text: string): string {
  return text.toUpperCase().replaceAll('-', '_');
}
