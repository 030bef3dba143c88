/** `layer-builder package` */
import { relative } from 'node:path';
import type { Command } from '../command.ts';
import { packageFunction } from '../package/index.ts';
import { bytes, table } from '../report/table.ts';

export const command: Command = {
  name: 'package',
  summary: 'the function package: handler, app code and lock as one small zip',
  usage: 'layer-builder package',
  example: 'layer-builder build && layer-builder package',
  options: {},
  async run(context) {
    const result = await packageFunction(context.project);
    const path = relative(context.project, result.path);
    return {
      data: { ...result, path },
      text: [
        ...table(result.files.map(file => [`  ${file.path}`, bytes(file.size)])),
        `${path}  ${bytes(result.size)}  ${result.digest}`,
      ].join('\n'),
    };
  },
};
