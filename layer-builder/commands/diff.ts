/** `layer-builder diff`: what changed between two releases, builds, layers or objects. */
import type { Command } from '../command.ts';
import { diffContents } from '../plan/diff.ts';
import { readContents } from '../read/content.ts';
import { formatDiff, formatDiffMarkdown } from '../report/diff.ts';
import { bucketOptions, bucketValues, flagOf } from './values.ts';

export const command: Command = {
  name: 'diff',
  summary: 'what changed between two releases, builds, layers or objects',
  usage: 'layer-builder diff A [B] [--markdown] [--exit-code]',
  example: 'layer-builder diff prod build --markdown',
  options: {
    markdown: { type: 'boolean', help: 'a table for pull requests' },
    'exit-code': { type: 'boolean', help: 'exit status 1 when anything differs' },
    ...bucketOptions,
  },
  positionals: { min: 1, max: 2, names: ['A', '[B, default build]'] },
  async run({ project, env, signal }, { values, positionals: [a = '', b = 'build'] }) {
    const context = { project, env, signal, options: bucketValues(values) };
    const [before, after] = await Promise.all([readContents(a, context), readContents(b, context)]);
    const artifacts = diffContents(before.artifacts, after.artifacts);
    // Only a release and a build know code: beside a layer or an object there is nothing to compare it with.
    if (before.code && after.code) artifacts.push(...diffContents([before.code], [after.code]));
    const same = artifacts.every(artifact => artifact.same);
    const format = flagOf(values, 'markdown') ? formatDiffMarkdown : formatDiff;
    return {
      data: { a, b, same, artifacts },
      text: format(a, b, artifacts),
      exitStatus: flagOf(values, 'exit-code') && !same ? 1 : 0,
    };
  },
};
