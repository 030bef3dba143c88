/** `layer-builder load`: the handler's loader as Lambda would run it, and its phases. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockFileName } from '../../artifact/lock.ts';
import type { ResolvedArtifact } from '../../handler/loader.ts';
import { findTargetNode } from '../build/node.ts';
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { runLoader } from '../load/index.ts';
import { makeLayerRoot } from '../load/layer-root.ts';
import { readLock } from '../read/built.ts';
import { milliseconds, table } from '../report/table.ts';
import { textOf } from './values.ts';

export const command: Command = {
  name: 'load',
  summary: 'run the loader as Lambda would and show its phases',
  usage: 'layer-builder load --source s3|layer [--dir DIR] [--lock FILE] [--layer-root DIR]',
  example: 'layer-builder load --source s3 --dir /tmp/deps',
  options: {
    source: { type: 'string', help: 's3: download; layer: take what is mounted' },
    dir: {
      type: 'string',
      help: 'folder of unpacked artifacts, kept (default a new one, deleted afterwards)',
    },
    lock: { type: 'string', help: 'another lock than deps.lock.json' },
    'layer-root': {
      type: 'string',
      help: 'folder to take for /opt (default the build, else the published layer)',
    },
  },
  async run({ project, env, signal }, { values }) {
    const source = textOf(values, 'source');
    if (source !== 's3' && source !== 'layer') {
      fail(
        'USAGE',
        `no source (expected --source s3 or --source layer, found ${source === undefined ? 'none' : JSON.stringify(source)})`,
        {
          hint: 'for example: layer-builder load --source layer',
        },
      );
    }
    const lockFile = textOf(values, 'lock') ?? lockFileName;
    const lock = readLock(project, lockFile);
    const work = mkdtempSync(path.join(tmpdir(), 'layer-builder-load-'));
    try {
      const given = textOf(values, 'layer-root');
      const layerRoot = path.resolve(given ?? path.join(work, 'opt'));
      if (source === 'layer' && given === undefined)
        await makeLayerRoot(project, lock, layerRoot, env, signal);
      const taskRoot = path.join(work, 'task');
      mkdirSync(taskRoot);
      const answer = await runLoader({
        node: findTargetNode(lock.runtime, project).path,
        lockPath: path.resolve(project, lockFile),
        source,
        dir: path.resolve(textOf(values, 'dir') ?? path.join(work, 'deps')),
        layerRoot,
        taskRoot,
        env: { ...env, ...regionFor(env, Object.keys(lock.artifacts[0]?.published ?? {})) },
        signal,
      });
      const { ms, artifacts } = answer;
      return { data: { source, ms, artifacts }, text: formatLoad(artifacts, ms) };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  },
};

/** In Lambda the region is always set; here the one region that the lock knows will do. */
function regionFor(env: NodeJS.ProcessEnv, published: readonly string[]): { AWS_REGION?: string } {
  const region =
    env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (published.length === 1 ? published[0] : undefined);
  return region === undefined ? {} : { AWS_REGION: region };
}

function formatLoad(artifacts: readonly ResolvedArtifact[], ms: number): string {
  const lines = artifacts.flatMap(({ name, source, digest, packages, phases }) => [
    `${name} from ${source}, ${packages.length} packages, ${digest}`,
    ...table(
      Object.entries(phases).map(([phase, time]) => [`  ${phase}`, milliseconds(time)]),
      [1],
    ),
  ]);
  return [...lines, `resolved in ${milliseconds(ms)}`].join('\n');
}
