/** Lays out what each contender deploys: function package, layer, objects in S3. The app's code is the same for all. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { unpack } from '../../handler/unpack.ts';
import { packageFunction } from '../../layer-builder/package/index.ts';
import type { LocalAws } from '../../local-aws/index.ts';
import { makeBundle } from './bundle.ts';
import { copyPackages } from './closure.ts';
import { programs } from './programs.ts';
import type { BuiltSet } from './project.ts';
import type { BenchSet } from './sets.ts';

/** Made by whoever starts local-aws. */
export const bucket = 'bench';

/** In the order of the table. The key is the name of the function. */
export const names = {
  bare: 'bare Node',
  layer: 'ours, layer',
  s3: 'ours, S3',
  bundle: '(c) esbuild bundle, warm cache',
  plain: '(b) raw node_modules layer',
  original: '(a) SDK + unzipper from S3',
} as const;
export type Slug = keyof typeof names;
export const slugs = Object.keys(names) as readonly Slug[];

export interface Place {
  readonly name: string;
  readonly slug: Slug;
  /** Folder of the function package, and the same as a zip. */
  readonly task: string;
  readonly codeZip: string;
  /** Folder that `/opt` is, and the same as a zip. */
  readonly layer?: string;
  readonly layerZip?: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Bytes that the function itself fetches at its start. */
  readonly fetched: number;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** What is there before any contender is laid out. */
interface Site {
  readonly set: BenchSet;
  readonly built: BuiltSet;
  readonly at: (...parts: string[]) => string;
  /** Our function package, zipped; unpacked it is `ours/task`. */
  readonly codeZip: string;
  /** All installed files, below `nodejs/node_modules`: layer of (b), object of (a). */
  readonly rawZip: string;
  readonly rawKey: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Zips, unpacks and uploads below `folder`. The layers lie in folders too, for the unthrottled runs. */
export async function layOut(
  set: BenchSet,
  built: BuiltSet,
  folder: string,
  local: LocalAws,
  wanted: readonly Slug[] = slugs,
): Promise<readonly Place[]> {
  const at = (...parts: string[]) => join(folder, ...parts);
  const { artifact, modules, project } = built;
  const rawZip = zipFolder(join(modules, '../..'), at('raw.zip'));
  const rawKey = `${set.name}.zip`;
  const ourKey = `sha256/${artifact.digest.slice('sha256:'.length)}.zip`;
  await upload(local, { [ourKey]: artifact.path, [rawKey]: rawZip });

  const published = { [local.region]: { bucket } };
  const lock = { ...built.lock, artifacts: built.lock.artifacts.map(one => ({ ...one, published })) };
  const { path: codeZip } = await packageFunction(project, { lock });
  unpack(readFileSync(codeZip), at('ours/task'));

  const places: Place[] = [];
  for (const slug of wanted) places.push(await makers[slug]({ set, built, at, codeZip, rawZip, rawKey }));
  return places;
}

const makers: Readonly<Record<Slug, (site: Site) => Place | Promise<Place>>> = {
  bare(site) {
    writeTask(site, 'bare');
    return peer(site, 'bare');
  },
  layer({ set, built, at, codeZip }) {
    const layer = at('ours/opt');
    unpack(readFileSync(built.artifact.path), layer);
    const variables = { ...set.variables, DEPS_SOURCE: 'layer' };
    const own = { name: names.layer, slug: 'layer', task: at('ours/task'), codeZip } as const;
    return { ...own, layer, layerZip: built.artifact.path, variables, fetched: 0 };
  },
  s3({ set, built, at, codeZip }) {
    const variables = { ...set.variables, DEPS_SOURCE: 's3' };
    const own = { name: names.s3, slug: 's3', task: at('ours/task'), codeZip } as const;
    return { ...own, variables, fetched: built.artifact.size };
  },
  async bundle(site) {
    await makeBundle(site.set, site.built, site.at('bundle/task'));
    return peer(site, 'bundle');
  },
  plain(site) {
    const { at, rawZip } = site;
    const { modules } = site.built;
    writeTask(site, 'plain', appFiles(site));
    // unthrottled, `import` finds the layer above the package, as the sandbox arranges it
    symlinkSync(modules, at('plain/node_modules'));
    return { ...peer(site, 'plain'), layer: join(modules, '../..'), layerZip: rawZip };
  },
  original(site) {
    const task = writeTask(site, 'original', appFiles(site));
    copyPackages(['@aws-sdk/client-s3', 'unzipper'], join(root, 'node_modules'), join(task, 'node_modules'));
    const variables = { ...site.set.variables, BENCH_BUCKET: bucket, BENCH_KEY: site.rawKey };
    return { ...peer(site, 'original'), variables, fetched: statSync(site.rawZip).size };
  },
};

function peer({ set, at }: Site, slug: keyof typeof programs): Place {
  const task = at(slug, 'task');
  const codeZip = zipFolder(task, at(`${slug}.zip`));
  return { name: names[slug], slug, task, codeZip, variables: set.variables, fetched: 0 };
}

function writeTask({ at }: Site, slug: keyof typeof programs, copied: readonly string[] = []): string {
  const task = at(slug, 'task');
  mkdirSync(task, { recursive: true });
  for (const name of copied) cpSync(at('ours/task', name), join(task, name), { recursive: true });
  writeFileSync(join(task, 'index.mjs'), programs[slug]);
  return task;
}

function appFiles({ at }: Site): readonly string[] {
  return readdirSync(at('ours/task')).filter(name => name.startsWith('app'));
}

function zipFolder(folder: string, zip: string): string {
  execFileSync('zip', ['-qr9', zip, '.'], { cwd: folder });
  return zip;
}

async function upload(local: LocalAws, files: Readonly<Record<string, string>>): Promise<void> {
  const { region, endpoint, credentials } = local;
  const s3 = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  for (const [key, path] of Object.entries(files)) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(path) }));
  }
  s3.destroy();
}
