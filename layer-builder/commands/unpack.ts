/** `layer-builder unpack`: the loader's strict unpacker on its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf, hexOf } from '../../artifact/digest.ts';
import { unpack } from '../../handler/unpack.ts';
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { bytes, count } from '../report/table.ts';
import { textOf } from './values.ts';

export const command: Command = {
  name: 'unpack',
  summary: 'the strict unpacker on its own',
  usage: 'layer-builder unpack ZIP --into DIR',
  example: 'layer-builder unpack .layer-builder/artifacts/core-*.zip --into /tmp/core',
  options: { into: { type: 'string', help: 'folder to unpack into: new, or empty' } },
  positionals: { min: 1, max: 1, names: ['ZIP'] },
  async run(_context, { values, positionals: [zip = ''] }) {
    const into = textOf(values, 'into');
    if (into === undefined) {
      fail('USAGE', 'no folder to unpack into (expected --into DIR, found none)', {
        hint: `for example: layer-builder unpack ${path.basename(zip)} --into /tmp/unpacked`,
      });
    }
    const archive = readZip(zip);
    const target = path.resolve(into);
    const report = onDisk(target, () => unpack(archive, target));
    const digest = digestOf(archive);
    return {
      data: { zip: path.resolve(zip), into: target, digest, ...report },
      text: [
        `${count(report.files, 'file')}, ${bytes(report.bytes)} in ${target}`,
        `  digest ${digest}`,
        `  tree   sha256:${hexOf(report.tree)}`,
      ].join('\n'),
    };
  },
};

function readZip(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const found = (cause as NodeJS.ErrnoException).code ?? 'an error';
    return fail('NOT_FOUND', `cannot read ${JSON.stringify(file)} (expected a zip, found ${found})`, {
      hint: 'the artifacts of the last build are in .layer-builder/artifacts',
      details: { path: path.resolve(file), found },
      cause,
    });
  }
}

/** The unpacker passes errors of the file system on as they are; here they get a code. */
function onDisk<Result>(target: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const found = (cause as NodeJS.ErrnoException).code;
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    return fail(
      'DISK',
      `cannot write below ${JSON.stringify(path.dirname(target))} (expected a writable folder with room, found ${found})`,
      {
        hint: 'free space or choose another folder with --into; nothing was left behind',
        details: { target, found: found ?? null },
        cause,
      },
    );
  }
}
