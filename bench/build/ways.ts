/** The ways to build one set, each a whole process, in a folder that every way finds as it needs it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchSet } from '../cold-start/sets.ts';

export const names = [
  'ours, from a warm npm cache',
  'ours, pack',
  'ours, pack without compaction',
  'ours, unchanged',
  'npm ci alone',
  'zip -r -9',
  'archiver',
  'esbuild bundle',
] as const;

export interface BuildWay {
  readonly name: (typeof names)[number];
  /** Not timed. */
  prepare(): void;
  run(): void;
  /** What it wrote, where that is one file. */
  bytes(): number | undefined;
}

const cli = fileURLToPath(new URL('../../layer-builder/bin.js', import.meta.url));
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Builds the set once, which also warms npm's cache. */
export function prepareWays(set: BenchSet, folder: string): readonly BuildWay[] {
  const [project, raw] = [join(folder, 'project'), join(folder, 'raw')];
  for (const one of [project, raw]) set.copyInto(one);
  leaveUncompacted(raw);
  for (const one of [project, raw]) build(one);
  const install = installOf(project);
  const modules = join(install, 'node_modules');
  const out = join(folder, 'out');
  const anew = () => {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
  };
  const sizeOf = (name: string) => () => statSync(join(out, name)).size;
  const forget = (one: string) => () => rmSync(join(one, '.layer-builder/build.json'));
  const artifact = (one: string) => () => {
    const artifacts = join(one, '.layer-builder/artifacts');
    return readdirSync(artifacts).reduce((sum, name) => sum + statSync(join(artifacts, name)).size, 0);
  };
  return [
    {
      name: 'ours, from a warm npm cache',
      prepare: () => {},
      run: () => build(project, '--force'),
      bytes: artifact(project),
    },
    { name: 'ours, pack', prepare: forget(project), run: () => build(project), bytes: artifact(project) },
    {
      name: 'ours, pack without compaction',
      prepare: forget(raw),
      run: () => build(raw),
      bytes: artifact(raw),
    },
    { name: 'ours, unchanged', prepare: () => {}, run: () => build(project), bytes: () => undefined },
    {
      name: 'npm ci alone',
      prepare() {
        anew();
        for (const name of ['package.json', 'package-lock.json'])
          cpSync(join(install, name), join(out, name));
      },
      run: () => start('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], out),
      bytes: () => undefined,
    },
    {
      name: 'zip -r -9',
      prepare: anew,
      run: () => start('zip', ['-qr9', join(out, 'raw.zip'), 'node_modules'], install),
      bytes: sizeOf('raw.zip'),
    },
    {
      name: 'archiver',
      prepare: anew,
      run: () => start(process.execPath, [child, 'archiver', modules, join(out, 'raw.zip')], folder),
      bytes: sizeOf('raw.zip'),
    },
    {
      name: 'esbuild bundle',
      prepare: anew,
      run: () =>
        start(
          process.execPath,
          [child, 'esbuild', modules, join(out, 'bundle.mjs'), join(project, set.app), ...set.external],
          folder,
        ),
      bytes: sizeOf('bundle.mjs'),
    },
  ];
}

function build(project: string, ...flags: readonly string[]): void {
  start(process.execPath, [cli, 'build', '--quiet', '--project', project, ...flags], project);
}

/** Every package of the set stays whole and no compile cache is made: what zip and archiver do, with the pruning. */
function leaveUncompacted(project: string): void {
  const file = join(project, 'layer-builder.config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const forms = Object.fromEntries(Object.keys(dependencies).map(name => [name, 'whole']));
  writeFileSync(file, JSON.stringify({ ...config, forms, compileCache: false }));
}

function installOf(project: string): string {
  const cache = join(project, '.layer-builder/cache');
  const [install, ...others] = readdirSync(cache);
  if (install === undefined || others.length > 0) throw new Error('expected one installation');
  return join(cache, install);
}

function start(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
