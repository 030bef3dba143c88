/** The sets that are started: a project with its lockfile, its app, and what a single-file bundle cannot hold. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Target {
  readonly over: 'layer' | 's3';
  readonly under: 'original' | 'plain' | 'bundle';
  readonly reach: number;
}

export interface BenchSet {
  readonly name: string;
  readonly title: string;
  /** Entry of the app, relative to the project. */
  readonly app: string;
  /** Path of the first request. */
  readonly path: string;
  /** Environment of the function, over Lambda's own. */
  readonly variables: Readonly<Record<string, string>>;
  /** Packages with native code: beside the bundle, not in it. */
  readonly external: readonly string[];
  /** One of the notes under the table. */
  readonly note: string;
  /** Rounds of peer (a), where one start of it takes a minute. @default all */
  readonly roundsOfOriginal?: number;
  /** Ratios to reach, unthrottled and in the sandbox. */
  readonly targets: readonly Target[];
  /** Lays the project's files into `project`. */
  copyInto(project: string): void;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const serviceTargets: readonly Target[] = [
  { over: 's3', under: 'original', reach: 0.1 },
  { over: 's3', under: 'plain', reach: 0.6 },
  { over: 's3', under: 'bundle', reach: 1 },
  { over: 'layer', under: 'plain', reach: 0.5 },
  { over: 'layer', under: 'bundle', reach: 0.85 },
];

export const serviceSet: BenchSet = {
  name: 'cold-start',
  title: 'Cold start, service set',
  app: 'app.mjs',
  path: '/',
  variables: {},
  external: [],
  note: 'Service set: an app that imports this project’s production dependencies (bench/sets/service), all but rolldown, a native compiler that no function needs.',
  targets: serviceTargets,
  copyInto: project =>
    copyParts(project, ['package.json', 'package-lock.json', '.npmrc'], 'bench/sets/service'),
};

export const heavySet: BenchSet = {
  name: 'cold-start-heavy',
  title: 'Cold start, heavy set, importing eight packages',
  app: 'app.mjs',
  path: '/',
  variables: {},
  external: ['sharp'],
  roundsOfOriginal: 5,
  note: 'Heavy set: bench/sets/heavy, pinned by its lockfile; every package is deployed, eight and Koa are imported. Ours lies in the two artifacts that `layer-builder plan` proposes for it: typescript, which no start imports, in a lazy one.',
  targets: serviceTargets.filter(({ over, under }) => over === 's3' && under !== 'bundle'),
  copyInto: project => copyParts(project, ['.npmrc'], 'bench/sets/heavy'),
};

export const referenceSet: BenchSet = {
  name: 'cold-start-reference',
  title: 'Cold start, the reference service',
  app: 'src/app.ts',
  path: '/info/version',
  variables: {
    FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
    FAST_API__AUTH__API_KEY__VALUE: 'bench-key',
  },
  external: [],
  note: 'The reference service in src/: Koa and its router are all that it imports.',
  targets: serviceTargets,
  copyInto: project =>
    copyParts(project, [
      ...['src', 'handler', 'artifact', 'layer-builder.config.ts'],
      ...['package.json', 'package-lock.json', '.npmrc'],
    ]),
};

function copyParts(project: string, parts: readonly string[], folder?: string): void {
  mkdirSync(project, { recursive: true });
  for (const name of parts) {
    rmSync(join(project, name), { recursive: true, force: true });
    cpSync(join(root, name), join(project, name), { recursive: true });
  }
  if (folder !== undefined) cpSync(join(root, folder), project, { recursive: true });
}
