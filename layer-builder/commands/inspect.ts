/** `layer-builder inspect` */

import type { Command } from '../command.ts';
import { isRecord } from '../config/check.ts';
import type { Inside } from '../read/inside.ts';
import { readInside } from '../read/inside.ts';
import { openPlace } from '../read/place.ts';
import type { RangeSource } from '../read/ranges.ts';
import { bytes, count, table } from '../report/table.ts';

/** Folders and packages shown to people; `--json` has all, and every file. */
const shown = 15;

export const command: Command = {
  name: 'inspect',
  summary: 'what is inside a zip, an S3 object or a layer, without downloading all of it',
  usage: 'layer-builder inspect ZIP|s3://BUCKET/KEY|ARN',
  example: 'layer-builder inspect s3://my-artifacts/sha256/<hex>.zip',
  options: {},
  positionals: { min: 1, max: 1, names: ['ZIP|s3://…|ARN'] },
  async run(context, { positionals: [place = ''] }) {
    const source = await openPlace(place, context);
    try {
      const report = describe(source, await readInside(source));
      return { data: report, text: format(report) };
    } finally {
      await source.close();
    }
  },
};

function describe(source: RangeSource, inside: Inside) {
  const folders = new Map<string, { files: number; packed: number; size: number }>();
  for (const file of inside.files) {
    const folder = folderOf(file.path);
    const sum = folders.get(folder) ?? { files: 0, packed: 0, size: 0 };
    folders.set(folder, {
      files: sum.files + 1,
      packed: sum.packed + file.packed,
      size: sum.size + file.size,
    });
  }
  const own = [...inside.own];
  return {
    name: source.name,
    size: source.size,
    digest: source.sha256 === undefined ? null : `sha256:${source.sha256}`,
    unpackedSize: inside.files.reduce((sum, file) => sum + file.size, 0),
    fileCount: inside.files.length,
    markers: own.filter(([, value]) => isRecord(value) && 'tree' in value).map(([, value]) => value),
    lock: inside.own.get('deps.lock.json') ?? null,
    packages: own.flatMap(([, value]) => componentsOf(value)),
    folders: [...folders]
      .map(([path, sums]) => ({ path, ...sums }))
      .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)),
    files: inside.files,
    fetched: source.fetched(),
  };
}

type Report = ReturnType<typeof describe>;

function format(report: Report): string {
  const rows = report.folders
    .slice(0, shown)
    .map(folder => [
      `  ${folder.path}`,
      bytes(folder.size),
      bytes(folder.packed),
      count(folder.files, 'file'),
    ]);
  const rest = report.folders.length - rows.length;
  return [
    `${report.name}: ${bytes(report.size)} zipped, ${bytes(report.unpackedSize)} unpacked, ${count(report.fileCount, 'file')}`,
    ...(report.digest === null ? [] : [`digest ${report.digest}`]),
    ...report.markers.map(marker => `artifact ${JSON.stringify(marker)}`),
    ...(report.packages.length > 0 ? [packagesLine(report.packages)] : []),
    '',
    ...table([['  folder', 'unpacked', 'zipped', ''], ...rows], [1, 2]),
    ...(rest > 0 ? [`  and ${count(rest, 'more folder')}`] : []),
    '',
    `read ${bytes(report.fetched)} of ${bytes(report.size)}`,
  ].join('\n');
}

function packagesLine(packages: readonly string[]): string {
  const rest = packages.length - shown;
  const more = rest > 0 ? ` and ${rest} more` : '';
  return `${count(packages.length, 'package')}: ${packages.slice(0, shown).join(', ')}${more}`;
}

function folderOf(path: string): string {
  return (
    /^nodejs\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ??
    /^nodejs\/\.layer-builder(?:\/cache)?/.exec(path)?.[0] ??
    (path.includes('/') ? (path.split('/')[0] ?? path) : path)
  );
}

function componentsOf(value: unknown): string[] {
  const components = isRecord(value) && value['bomFormat'] === 'CycloneDX' ? value['components'] : [];
  if (!Array.isArray(components)) return [];
  return components.filter(isRecord).map(component => `${component['name']}@${component['version']}`);
}
