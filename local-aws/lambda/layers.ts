/** Layers: publish, get, list, delete. */
import { layerArn, parseLayerName, parseLayerVersionArn } from './arn.ts';
import { takeCode } from './code.ts';
import { checkArchitectures } from './configuration.ts';
import { constraint, invalid, notFound } from './errors.ts';
import { record as recordField, text, texts } from './fields.ts';
import { checkUnzipped } from './limits.ts';
import type { AttachedLayer, LayerRecord, LayerVersion } from './records.ts';
import { type Answer, type Call, type Operation, page, type Service, timestamp } from './service.ts';

export const publishLayerVersion: Operation = async (service, { path, fields }) => {
  const name = parseLayerName(path['LayerName'] ?? '');
  const content = recordField(fields, 'Content');
  if (!content) throw constraint(null, 'content', 'not be null');
  const runtimes = checkRuntimes(texts(fields, 'CompatibleRuntimes') ?? []);
  const architectures = checkArchitectures(
    texts(fields, 'CompatibleArchitectures') ?? [],
    'compatibleArchitectures',
  );
  const code = await takeCode(service, content);
  checkUnzipped(code.unzipped, 0);
  const license = text(fields, 'LicenseInfo');
  const before = service.store.layers.get(name);
  const version: LayerVersion = {
    version: (before?.lastVersion ?? 0) + 1,
    code,
    description: checkDescription(text(fields, 'Description') ?? ''),
    ...(license === undefined ? {} : { license }),
    runtimes,
    architectures,
    created: timestamp(),
  };
  await service.store.layers.put({
    name,
    versions: [...(before?.versions ?? []), version],
    lastVersion: version.version,
  });
  return { status: 201, body: fullForm(service, name, version) };
};

export const getLayerVersion: Operation = (service, { path }) => {
  const name = parseLayerName(path['LayerName'] ?? '');
  return {
    status: 200,
    body: fullForm(service, name, findVersion(service, name, versionNumber(path))),
  };
};

export const deleteLayerVersion: Operation = async (service, { path }) => {
  const name = parseLayerName(path['LayerName'] ?? '');
  const number = versionNumber(path);
  const layer = service.store.layers.get(name);
  // Deleting what is not there succeeds on AWS as well.
  if (layer?.versions.some(one => one.version === number)) {
    await service.store.layers.put({
      ...layer,
      versions: layer.versions.filter(one => one.version !== number),
    });
    await service.store.collect();
  }
  return { status: 204 };
};

export const listLayerVersions: Operation = (service, { path, query }) => {
  const name = parseLayerName(path['LayerName'] ?? '');
  const versions = matching(service.store.layers.get(name), query).toReversed();
  const { items, next } = page(versions, query, 50);
  return {
    status: 200,
    body: { LayerVersions: items.map(version => shortForm(service, name, version)), ...next },
  };
};

/** Also GetLayerVersionByArn, which is told by its `find` parameter. */
export const listLayers: Operation = (service, { query }) => {
  if (query.get('find') === 'LayerVersion') return getByArn(service, query.get('Arn') ?? '');
  const layers = service.store.layers.all().flatMap(layer => {
    const newest = matching(layer, query).at(-1);
    return newest ? [{ layer, newest }] : [];
  });
  const { items, next } = page(layers, query, 50);
  const body = items.map(({ layer, newest }) => ({
    LayerName: layer.name,
    LayerArn: layerArn(service.place, layer.name),
    LatestMatchingVersion: shortForm(service, layer.name, newest),
  }));
  return { status: 200, body: { Layers: body, ...next } };
};

/** The layer versions a function asks for, with their bytes. Throws `InvalidParameterValueException`. */
export function attachLayers(
  service: Service,
  arns: readonly string[],
  held: readonly AttachedLayer[],
): readonly AttachedLayer[] {
  if (arns.length > 5) throw invalid('Cannot reference more than 5 layers.');
  const names = new Map<string, string>();
  return arns.map(arn => {
    const parsed = parseLayerVersionArn(arn);
    if (!parsed)
      throw constraint(
        arn,
        'layers',
        'satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+',
      );
    const other = names.get(parsed.name);
    if (other !== undefined) {
      throw invalid(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    }
    names.set(parsed.name, arn);
    if (parsed.region !== service.place.region) {
      throw invalid(
        `Layers are not in the same region as the function. Layers are expected to be in region ${service.place.region}.`,
      );
    }
    const version = service.store.layers
      .get(parsed.name)
      ?.versions.find(one => one.version === parsed.version);
    if (version) return { arn, code: version.code };
    // Deleted, but this function has it: Lambda lets it keep the layer.
    const kept = held.find(layer => layer.arn === arn);
    if (kept) return kept;
    throw invalid(`Layer version ${arn} does not exist.`);
  });
}

export function findVersion(
  service: Service,
  name: string,
  number: number,
  missing = 'The resource you requested does not exist.',
): LayerVersion {
  const version = service.store.layers.get(name)?.versions.find(one => one.version === number);
  if (!version) throw notFound(missing);
  return version;
}

/** The number in a path. Throws `InvalidParameterValueException`. */
export function versionNumber(path: Call['path']): number {
  const number = Number(path['VersionNumber']);
  if (number < 1) throw invalid('Layer Version Cannot be less than 1');
  return number;
}

/** Any runtime of AWS, also one that does not run here or is not there yet. */
function checkRuntimes(runtimes: readonly string[]): readonly string[] {
  if (runtimes.every(one => /^(nodejs|python|java|dotnet|dotnetcore|ruby|go|provided)[\w.]*$/.test(one)))
    return runtimes;
  throw constraint(runtimes, 'compatibleRuntimes', 'satisfy enum value set: [nodejs24.x, nodejs22.x, …]');
}

function getByArn(service: Service, arn: string): Answer {
  const parsed = parseLayerVersionArn(arn);
  if (!parsed)
    throw constraint(
      arn,
      'arn',
      'satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+',
    );
  return {
    status: 200,
    body: fullForm(service, parsed.name, findVersion(service, parsed.name, parsed.version)),
  };
}

function matching(layer: LayerRecord | undefined, query: URLSearchParams): readonly LayerVersion[] {
  const runtime = query.get('CompatibleRuntime');
  const architecture = query.get('CompatibleArchitecture');
  if (architecture !== null && !['x86_64', 'arm64'].includes(architecture))
    throw constraint(architecture, 'compatibleArchitecture', 'satisfy enum value set: [x86_64, arm64]');
  return (layer?.versions ?? []).filter(
    one =>
      (runtime === null || one.runtimes.includes(runtime)) &&
      (architecture === null || one.architectures.length === 0 || one.architectures.includes(architecture)),
  );
}

function shortForm(service: Service, name: string, version: LayerVersion): Record<string, unknown> {
  return {
    LayerVersionArn: layerArn(service.place, name, version.version),
    Version: version.version,
    Description: version.description,
    CreatedDate: version.created,
    CompatibleRuntimes: version.runtimes,
    ...(version.architectures.length > 0 ? { CompatibleArchitectures: version.architectures } : {}),
    ...(version.license === undefined ? {} : { LicenseInfo: version.license }),
  };
}

function fullForm(service: Service, name: string, version: LayerVersion): Record<string, unknown> {
  return {
    Content: {
      Location: service.linkTo(version.code.sha256),
      CodeSha256: Buffer.from(version.code.sha256, 'hex').toString('base64'),
      CodeSize: version.code.size,
    },
    LayerArn: layerArn(service.place, name),
    ...shortForm(service, name, version),
  };
}

function checkDescription(description: string): string {
  if (description.length <= 256) return description;
  throw constraint(description, 'description', 'have length less than or equal to 256');
}
