/** `layer-builder package` */
import { relative } from 'node:path';
import type { Command } from '../command.ts';
import { packageFunction } from '../package/index.ts';
import { bytes, count, table } from '../report/table.ts';
import type { FunctionPackage } from '../types.ts';

export const command: Command = {
  name: 'package',
  summary: 'the function package: handler, app code and lock as one small zip',
  usage: 'layer-builder package',
  example: 'layer-builder build && layer-builder package',
  options: {},
  async run(context) {
    const result = await packageFunction(context.project, context);
    const path = relative(context.project, result.path);
    return {
      data: { ...result, path },
      text: [...formatParts(result.files), `${path}  ${bytes(result.size)}  ${result.digest}`].join('\n'),
    };
  },
};

/** What the package consists of; `--json` lists every file. */
function formatParts(files: FunctionPackage['files']): string[] {
  const parts = [
    ['handler', /^(index\.mjs$|handler\/)/],
    ['app, at cold start', /^app\.mjs$/],
    ['app, on first use', /^app-/],
    ['lock', /^deps\.lock\.json$/],
  ] as const;
  const rows = parts.flatMap(([name, pattern]) => {
    const own = files.filter(file => pattern.test(file.path));
    const size = own.reduce((sum, file) => sum + file.size, 0);
    return own.length === 0 ? [] : [[`  ${name}`, bytes(size), count(own.length, 'file')]];
  });
  return table(rows, [1]);
}
