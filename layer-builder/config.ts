/** The configuration: found, judged as a whole, and completed with every default. */
import { resolve } from 'node:path';
import { isRecord } from './config/check.ts';
import { readRawConfig } from './config/find.ts';
import { configRules } from './config/rules.ts';
import { BuilderError } from './errors.ts';
import { takesRest } from './plan/roots.ts';
import { readManifest } from './read/manifest.ts';
import type { ArtifactConfig, Config, FunctionConfig, Manifest } from './types.ts';

/**
 * Reads the configuration of a project: `layer-builder.config.{ts,js,json}` or the key `layer-builder` of
 * package.json, every key optional.
 *
 * Throws `PROJECT_NOT_FOUND` and `PACKAGE_JSON_INVALID` for the project itself, `CONFIG_INVALID` with every
 * problem in one message (an unknown key names the nearest known one).
 */
export async function readConfig(project: string): Promise<Config> {
  const manifest = readManifest(project);
  const raw = await readRawConfig(project, manifest);
  return completeConfig(raw.value, { manifest, project, from: raw.from });
}

/** Judges and completes a raw configuration. Pure. Throws `CONFIG_INVALID`. */
export function completeConfig(
  value: unknown,
  facts: { manifest: Manifest; project: string; from: string },
): Config {
  const problems: string[] = [];
  configRules(value, '', problems);
  const raw = (isRecord(value) ? value : {}) as RawKeys;
  const service = raw.service ?? defaultService(facts.manifest, facts.project);
  const artifacts = artifactsOf(raw.artifacts);
  if (problems.length === 0) problems.push(...artifactProblems(artifacts));
  if (problems.length > 0) throw invalid(facts.from, problems);
  return {
    service,
    app: raw.app,
    runtime: raw.runtime ?? 'nodejs24.x',
    architecture: raw.architecture ?? 'x86_64',
    artifacts,
    include: raw.include ?? [],
    exclude: raw.exclude ?? [],
    forms: raw.forms ?? {},
    compileCache: raw.compileCache ?? true,
    sourceMaps: raw.sourceMaps ?? false,
    bucket: raw.bucket,
    regions: raw.regions ?? [],
    prefix: raw.prefix ?? '',
    layerName: raw.layerName ?? '{service}-{artifact}',
    function: { ...functionDefaults, ...raw.function },
    stages: raw.stages ?? {},
  };
}

type RawKeys = Partial<
  Omit<Config, 'artifacts'> & { artifacts: Record<string, Partial<Omit<ArtifactConfig, 'name'>>> }
>;

const functionDefaults: FunctionConfig = {
  memory: 512,
  timeout: 30,
  tmp: 512,
  environment: {},
  role: undefined,
  createRole: false,
  logRetention: undefined,
  shift: [],
  bake: 60,
  alarms: [],
  url: { auth: 'NONE' },
  mode: 'auto',
  tracing: 'PassThrough',
  reservedConcurrency: undefined,
  tags: {},
  smoke: ['/'],
};

function artifactsOf(raw: RawKeys['artifacts']): ArtifactConfig[] {
  const entries = isRecord(raw) ? Object.entries(raw) : [];
  if (entries.length === 0)
    return [{ name: 'core', load: 'eager', layer: true, include: [], exclude: [], assets: [] }];
  return entries.map(([name, item]) => ({
    name,
    load: item?.load ?? 'eager',
    layer: item?.layer ?? true,
    include: item?.include ?? [],
    exclude: item?.exclude ?? [],
    assets: item?.assets ?? [],
  }));
}

/** Every package must have one home: at most one artifact takes the rest, and none is named twice. */
function artifactProblems(artifacts: readonly ArtifactConfig[]): string[] {
  const problems: string[] = [];
  const homes = new Map<string, string>();
  for (const { name, include } of artifacts) {
    for (const dependency of include) {
      const home = homes.get(dependency);
      if (home) problems.push(`artifacts: ${dependency} is in both ${home} and ${name}`);
      homes.set(dependency, name);
    }
  }
  const open = artifacts.filter(takesRest).map(artifact => artifact.name);
  if (open.length > 1) {
    problems.push(
      `artifacts: only one may go without include and take the rest, found ${open.join(' and ')}`,
    );
  }
  return problems;
}

function defaultService(manifest: Manifest, project: string): string {
  const name = manifest.name ?? resolve(project).split('/').pop() ?? '';
  return (
    name
      .replace(/^@[^/]*\//, '')
      .replace(/[^a-zA-Z0-9-_]+/g, '-')
      .slice(0, 64) || 'service'
  );
}

function invalid(from: string, problems: string[]): BuilderError {
  const [first = ''] = problems;
  const message =
    problems.length === 1
      ? `${from}: ${first}`
      : `${from} has ${problems.length} problems:\n${problems.map(problem => `  - ${problem}`).join('\n')}`;
  return new BuilderError('CONFIG_INVALID', message, {
    hint: 'docs/building.md lists every key with its default',
    details: { file: from, problems },
  });
}
