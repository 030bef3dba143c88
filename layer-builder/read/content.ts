/** What a word of `diff` means, and the content behind it. */
import { existsSync, readFileSync } from 'node:fs';
import { digestOf, sha256Hex, treeOf } from '../../artifact/digest.ts';
import { ownPath } from '../../artifact/layout.ts';
import type { Lock, LockPackage } from '../../artifact/lock.ts';
import { lockFileName } from '../../artifact/lock.ts';
import { contentOf, defaultLimits, readArchive } from '../../handler/zip/read.ts';
import { makeCaller } from '../aws/calls.ts';
import { defaultRegion, openClients } from '../aws/clients.ts';
import { downloadCode } from '../aws/download.ts';
import { openObjectStore } from '../aws/objects.ts';
import { fail } from '../errors.ts';
import type { Content } from '../plan/diff.ts';
import { checkChannelName, entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { readProjectCode } from '../publish/code.ts';
import type { GoalOptions } from '../publish/goal.ts';
import { readRelease } from '../publish/record.ts';
import type { Release } from '../publish/release.ts';
import { codeKey, isReleaseId, prefixOf, regionsOf } from '../publish/release.ts';
import { readArtifact, readLock } from './built.ts';
import { readImportTimes } from './import-times.ts';
import { withBucket } from './releases.ts';

export interface ContentContext {
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly options: Pick<GoalOptions, 'bucket' | 'regions'>;
}

export interface Contents {
  readonly artifacts: readonly Content[];
  /** undefined: only dependencies are there. */
  readonly code: Content | undefined;
}

/** More than Lambda takes unpacked is no artifact. */
const largestZip = 262_144_000;

/**
 * `build`, a release id, a channel, a layer version ARN, `s3://bucket/key` or the path of a zip.
 * Throws `BUILD_NOT_FOUND`, `RELEASE_NOT_FOUND`, `CHANNEL_EMPTY`, `NOT_FOUND`, and what the strict unpacker refuses.
 */
export async function readContents(word: string, context: ContentContext): Promise<Contents> {
  const times = readImportTimes(context.project);
  const timed = (content: Content): Content => ({
    ...content,
    imports: content.imports ?? times.get(content.digest) ?? null,
  });
  const { artifacts, code } = await readPlace(word, context);
  return { artifacts: artifacts.map(timed), code };
}

async function readPlace(word: string, context: ContentContext): Promise<Contents> {
  const one = (zip: Buffer): Contents => ({ artifacts: [contentFrom(zip)], code: undefined });
  if (word === 'build') return await readBuild(context.project);
  if (word.startsWith('arn:')) return one(await readLayer(word, context));
  if (word.startsWith('s3://')) return one(await readS3(word, context));
  if (word.endsWith('.zip') || word.includes('/')) return one(readZip(word));
  return await readReleased(word, context);
}

async function readBuild(project: string): Promise<Contents> {
  const lock = readLock(project);
  const code = await readProjectCode(project, lock);
  return {
    artifacts: lock.artifacts.map(artifact =>
      contentFrom(readArtifact(project, artifact), lock, artifact.packages),
    ),
    code: code && codeContent(await code.pack(lock), lock),
  };
}

async function readReleased(word: string, context: ContentContext): Promise<Contents> {
  const { id, lock, code, imports = {} } = await readNamed(word, context);
  const [region = ''] = regionsOf(lock);
  const read = async (key: string) => {
    const bucket = lock.artifacts[0]?.published[region]?.bucket ?? '';
    return await readObject(region, bucket, key, context.env, context.signal);
  };
  return {
    artifacts: await Promise.all(
      lock.artifacts.map(async ({ name, s3, packages }) => ({
        ...contentFrom(await read(s3.key), lock, packages),
        imports: imports[name] ?? null,
      })),
    ),
    code: code && codeContent(await read(codeKey(prefixOf(lock), id)), lock),
  };
}

async function readNamed(word: string, { project, env, signal, options }: ContentContext): Promise<Release> {
  return await withBucket(project, options, env, signal, async ({ config, bucket, objects, prefix }) => {
    if (isReleaseId(word)) return await readRelease(objects, prefix, word, bucket);
    const { channel } = await readChannel(objects, prefix, checkChannelName(word));
    const id = releaseOf(channel, entryOf(config));
    if (id !== undefined) return await readRelease(objects, prefix, id, bucket);
    return fail(
      'CHANNEL_EMPTY',
      `${word} is neither file, release nor channel (expected one of them, found none)`,
      {
        hint: 'build, RELEASE, CHANNEL, arn:aws:lambda:…, s3://bucket/key or a path with / are understood',
      },
    );
  });
}

async function readS3(word: string, { env, signal }: ContentContext): Promise<Buffer> {
  const [, bucket = '', key = ''] = word.match(/^s3:\/\/([^/]+)\/(.+)$/) ?? [];
  if (key === '') fail('USAGE', `no object (expected s3://bucket/key, found ${JSON.stringify(word)})`);
  const region =
    (await defaultRegion(env)) ?? fail('REGION_REQUIRED', 'no region (expected AWS_REGION, found none)');
  return await readObject(region, bucket, key, env, signal);
}

async function readObject(
  region: string,
  bucket: string,
  key: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const clients = await openClients(env, region);
  try {
    const store = await openObjectStore(clients, makeCaller(clients, { signal }), bucket);
    const found = await store.get(key);
    if (found !== undefined) return found.bytes;
    return fail('NOT_FOUND', `there is no such object (expected s3://${bucket}/${key}, found none)`, {
      hint: '"layer-builder list" shows the objects of a bucket',
    });
  } finally {
    clients.close();
  }
}

async function readLayer(arn: string, { env, signal }: ContentContext): Promise<Buffer> {
  const region = arn.split(':')[3] ?? '';
  const { GetLayerVersionByArnCommand } = await import('@aws-sdk/client-lambda');
  const clients = await openClients(env, region);
  try {
    const call = makeCaller(clients, { signal });
    const about = { action: 'lambda:GetLayerVersion', resource: arn };
    const layer = await call(about, options =>
      clients.lambda.send(new GetLayerVersionByArnCommand({ Arn: arn }), options),
    );
    const zip = await downloadCode(call, arn, layer.Content?.Location ?? '', largestZip);
    return zip ?? fail('NOT_FOUND', `${arn} is too large (expected at most ${largestZip} bytes, found more)`);
  } finally {
    clients.close();
  }
}

function readZip(file: string): Buffer {
  if (existsSync(file)) return readFileSync(file);
  return fail('NOT_FOUND', `cannot read ${JSON.stringify(file)} (expected a zip, found none)`, {
    hint: 'the artifacts of the last build are in .layer-builder/artifacts',
  });
}

/** The function package without its lock: the same code is the same wherever it is published. */
function codeContent(zip: Buffer, { runtime, architecture }: Lock): Content {
  const files = readArchive(zip, defaultLimits)
    .filter(({ kind, path }) => kind === 'file' && path !== lockFileName)
    .map(entry => ({ path: entry.path, size: entry.size, sha256: sha256Hex(contentOf(zip, entry)) }));
  return {
    ...{ name: 'function package', kind: 'code', size: zip.length, runtime, architecture },
    ...{ packages: [], imports: null, files, digest: treeOf(files.map(file => ({ ...file, mode: 0o644 }))) },
  };
}

/** Name, runtime and packages from the lock where there is one, else from what the artifact says of itself. */
function contentFrom(zip: Buffer, lock?: Lock, packages?: readonly LockPackage[]): Content {
  const files = readArchive(zip, defaultLimits)
    .filter(({ kind }) => kind === 'file')
    .map(entry => {
      const bytes = contentOf(zip, entry);
      return {
        path: entry.path,
        size: entry.size,
        sha256: sha256Hex(bytes),
        text: textOf(entry.path, bytes),
      };
    });
  const marker = JSON.parse(
    files.find(({ path, text }) => text !== undefined && isMarker(path))?.text ?? '{}',
  );
  return {
    name: typeof marker.name === 'string' ? marker.name : 'artifact',
    digest: digestOf(zip),
    size: zip.length,
    runtime: lock?.runtime ?? String(marker.runtime ?? ''),
    architecture: lock?.architecture ?? String(marker.architecture ?? ''),
    packages: packages ?? packagesIn(files),
    imports: null,
    files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
  };
}

function isMarker(path: string): boolean {
  return path.startsWith(`${ownPath}/`) && /^[a-z][a-z0-9-]*\.json$/.test(path.slice(ownPath.length + 1));
}

function textOf(path: string, bytes: Buffer): string | undefined {
  const isOwn = path.startsWith(`${ownPath}/`) && path.endsWith('.json');
  return isOwn || path.endsWith('/package.json') ? bytes.toString() : undefined;
}

/** From the SBOM when the builder left one, else from the package.json files. */
function packagesIn(files: readonly { path: string; text: string | undefined }[]): LockPackage[] {
  const sbom = files.find(({ path }) => path.endsWith('.sbom.json'))?.text;
  const components: {
    name?: string;
    group?: string;
    version?: string;
    licenses?: { license?: { id?: string } }[];
  }[] = sbom === undefined ? [] : (JSON.parse(sbom).components ?? []);
  if (components.length > 0) {
    return components.map(({ name = '', group, version = '', licenses }) => ({
      name: group ? `${group}/${name}` : name,
      version,
      ...(licenses?.[0]?.license?.id ? { license: licenses[0].license.id } : {}),
    }));
  }
  return files.flatMap(({ path, text }) => {
    if (text === undefined || !/\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path)) return [];
    const { name, version, license } = JSON.parse(text);
    return name && version ? [{ name, version, ...(typeof license === 'string' ? { license } : {}) }] : [];
  });
}
