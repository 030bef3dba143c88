/** Pure: the package.json of a compacted package. */

/** One subpath (`.` or `./x`) and the files that answer `import` and `require`, relative to the package. */
export interface CompactExport {
  readonly subpath: string;
  readonly import: string | undefined;
  readonly require: string | undefined;
}

/** Fields that a program may read at run time, and that the law asks to keep. */
const kept = [
  'name',
  'version',
  'description',
  'license',
  'author',
  'homepage',
  'engines',
  'dependencies',
  'peerDependencies',
];

/** Text of the package.json: the original's facts, and exactly the entry points that were bundled. */
export function compactManifest(
  original: Readonly<Record<string, unknown>>,
  entries: readonly CompactExport[],
): string {
  const facts = Object.fromEntries(kept.filter(key => key in original).map(key => [key, original[key]]));
  const exports: Record<string, unknown> = {};
  for (const entry of [...entries].sort((a, b) => (a.subpath < b.subpath ? -1 : 1))) {
    const [byImport, byRequire] = [entry.import, entry.require].map(path => path && `./${path}`);
    if (byImport === byRequire) exports[entry.subpath] = byImport;
    else {
      exports[entry.subpath] = {
        ...(byImport === undefined ? {} : { import: byImport }),
        ...(byRequire === undefined ? {} : { require: byRequire }),
      };
    }
  }
  exports['./package.json'] = './package.json';
  const main = entries.find(entry => entry.subpath === '.')?.require;
  return `${JSON.stringify({ ...facts, ...(main === undefined ? {} : { main: `./${main}` }), exports })}\n`;
}
