/** Makes V8's compile cache for the packages of an artifact, so that a cold start need not compile them. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cachePath, modulesPath } from '../../artifact/layout.ts';
import { isLate, isStart } from './compact/names.ts';
import { lambdaFlags } from './compact/probe.ts';
import { stageFiles } from './compact/stage.ts';
import type { ArtifactFile } from './file.ts';
import { fileOf } from './file.ts';
import type { TargetNode } from './node.ts';

const script = join(import.meta.dirname, 'compact/warm.mjs');
/** Bytes below which a module compiles sooner than its cache is opened and read. */
const smallest = 4096;

/** Long, because a build that gives up on a busy machine would make another artifact. */
const deadlineMs = 300_000;

/**
 * The child sees its folder under this name. V8 writes the path of each script into the cache, so a path that
 * differs from build to build would make every artifact another.
 */
const constantRoot = '/proc/self/cwd';

export interface CompileCacheInput {
  readonly files: readonly ArtifactFile[];
  /** What the app names in its code. Packages that it only includes would bring a cache that no start reads. */
  readonly specifiers: readonly string[];
  readonly node: TargetNode;
  /** A private folder that the caller removes. */
  readonly work: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Files of the cache, or none when V8 makes none. They are the same every time: V8 takes its hash seeds from
 * `--random-seed`, and the same version of Node accepts them, once it is rid of `--expose-gc` (handler/v8-flags.ts).
 */
export async function makeCompileCache(input: CompileCacheInput): Promise<ArtifactFile[]> {
  const stage = join(realpathSync(input.work), 'cache-stage');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  stageFiles(input.files, stage);
  const question = join(input.work, 'warm.json');
  const { specifiers } = input;
  const root = join(constantRoot, modulesPath, '..');
  const late = input.files.flatMap(({ path }) => (isLate(path) ? [join(constantRoot, path)] : []));
  const directory = join(constantRoot, cachePath);
  writeFileSync(question, JSON.stringify({ root, specifiers, late, directory }));
  const flags = [
    ...lambdaFlags,
    ...['--experimental-import-meta-resolve', '--preserve-symlinks', '--no-warnings', '--random-seed=1'],
    // What another thread compiles, and what a collection takes away, would come into the cache on one day and not on
    // another. V8 takes a cache that was made with these from a Node without them.
    ...['--no-concurrent-sparkplug', '--no-concurrent-recompilation', '--single-threaded-gc'],
    ...['--min-semi-space-size=128', '--max-semi-space-size=128'],
  ];
  await new Promise<void>(done => {
    const child = spawn(input.node.path, [...flags, script, question], {
      cwd: stage,
      env: { PATH: process.env['PATH'], HOME: stage, TZ: 'UTC' },
      stdio: 'ignore',
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    child.on('error', () => done());
    child.on('close', () => done());
  });
  input.signal?.throwIfAborted();
  const made = join(stage, cachePath);
  return [...ofScripts(input.files, stage), ...(existsSync(made) ? ofModules(made, stage) : [])];
}

/** Of what every start runs, which is no module (compact/print.ts). */
function ofScripts(files: readonly ArtifactFile[], stage: string): ArtifactFile[] {
  return files
    .map(({ path }) => `${path}.cache`)
    .filter(path => isStart(path.slice(0, -'.cache'.length)) && existsSync(join(stage, path)))
    .map(path => fileOf(path, readFileSync(join(stage, path))));
}

function ofModules(made: string, stage: string): ArtifactFile[] {
  return readdirSync(made, { recursive: true, withFileTypes: true })
    .filter(item => item.isFile())
    .map(item => join(item.parentPath, item.name))
    .sort()
    .map(path => fileOf(forLambdaUser(path.slice(stage.length + 1)), readFileSync(path)))
    .filter(file => file.size >= smallest);
}

/** The user under which Lambda runs functions; local-aws does too. */
const lambdaUser = 993;

/**
 * V8's folder ends in the number of the user who made it, and Node looks only in that of its own user: named after
 * the building user, it would never be found in Lambda, and each user would build another artifact.
 */
function forLambdaUser(path: string): string {
  return path.replace(/(\/v\d[^/]*)-\d+\//, `$1-${lambdaUser}/`);
}
