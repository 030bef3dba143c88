/** `layer-builder build` */
import { relative } from 'node:path';
import { buildProject } from '../build/index.ts';
import { writePage } from '../build/page.ts';
import type { Command } from '../command.ts';
import { bytes, count, table } from '../report/table.ts';

export const command: Command = {
  name: 'build',
  summary: 'install the lockfile for the target, make the artifacts and deps.lock.json',
  usage: 'layer-builder build [--report] [--source-maps] [--force]',
  example: 'layer-builder build --project services/api',
  options: {
    report: {
      type: 'boolean',
      help: 'write .layer-builder/report.html: treemaps, limits, what fell back and why',
    },
    'source-maps': {
      type: 'boolean',
      help: 'write source maps of what is bundled to .layer-builder/source-maps; the artifact stays the same',
    },
    force: { type: 'boolean', help: 'build and install again even though nothing changed' },
  },
  async run(context, { values }) {
    const result = await buildProject(context.project, {
      progress: context.progress,
      force: values['force'] === true,
      ...(values['source-maps'] === true ? { sourceMaps: true } : {}),
      env: context.env,
      signal: context.signal,
    });
    for (const warning of result.warnings) context.warn(`warning: ${warning}`);
    const page = values['report'] === true ? writePage(context.project) : undefined;
    const rows = result.artifacts.map(item => [
      item.name,
      item.digest,
      `${bytes(item.size)} zipped`,
      `${bytes(item.unpackedSize)} unpacked`,
      count(item.files, 'file'),
      count(item.packages.length, 'package'),
    ]);
    const artifacts = result.artifacts.map(item => ({ ...item, path: relative(context.project, item.path) }));
    return {
      data: {
        artifacts,
        lock: relative(context.project, result.lockPath),
        cached: result.cached,
        warnings: result.warnings,
        ...(page === undefined ? {} : { report: relative(context.project, page) }),
      },
      text: [
        ...table(rows),
        ...(page === undefined ? [] : [`report ${relative(context.project, page)}`]),
        result.cached ? 'nothing changed since the last build' : 'built',
      ].join('\n'),
    };
  },
};
