/** The resolution contract: the packages it is about, and what each row must say, wherever the artifacts are. */
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders of packages and the app with the rows. */
export const fixtures = fileURLToPath(new URL('../../fixtures/resolution/', import.meta.url));

export const hasAddon = process.platform === 'linux' && process.arch === 'x64';

export const expected: Readonly<Record<string, string>> = {
  import: 'esm-only',
  'import of CommonJS, default and named': 'cjs-only, cjs-only',
  'import()': 'esm-only',
  'import() of a scoped package': '@scope/scoped',
  require: 'cjs-only',
  'require.resolve': 'cjs-only/lib/main.js',
  'require.resolve with exports': 'dual/index.cjs',
  'import.meta.resolve': 'dual/index.mjs',
  'import and require give one instance of CommonJS': 'true',
  conditions: 'dual as a module, dual as CommonJS',
  'subpath exports': 'esm-only/sub',
  'subpath patterns': 'feature one',
  'subpath imports (#internal)': 'esm-only',
  'a package that imports itself by name': 'esm-only/sub',
  'a subpath that is not exported, import()': 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'JSON by import': '42',
  'JSON by require': '42',
  'JSON inside a package': '42',
  'a native addon (.node)': '42',
  'a package that requires others at run time': 'dual as CommonJS',
  'a package that finds others at run time': 'dual/index.cjs',
  'a package that imports others at run time': 'dual as a module',
  'a package that finds modules at run time': 'dual/index.mjs',
  'import() inside CommonJS': 'esm-only',
  'a package of another artifact, required by one': 'other as CommonJS',
  'a package of another artifact, imported by one': 'other as a module',
  'a worker that is a module': 'esm-only, cjs-only, dual as CommonJS',
  'a worker that is CommonJS': 'esm-only, cjs-only, dual as CommonJS',
  'a worker started by a worker': 'nested: esm-only, cjs-only, dual as CommonJS',
  'a worker with flags of its own': 'esm-only, cjs-only, dual as CommonJS',
  'a worker of a class derived from Worker': 'derived true: esm-only, cjs-only, dual as CommonJS',
  'a worker from text': 'cjs-only',
  'require of an ES module fails, as on Lambda': 'ERR_REQUIRE_ESM',
  'a package that is nowhere, import()': 'ERR_MODULE_NOT_FOUND',
  'a package that is nowhere, require': 'MODULE_NOT_FOUND',
  'the function package comes before the artifact, import': 'of the function package',
  'the function package comes before the artifact, require': 'of the function package',
  'the artifact comes before the runtime, import()': 'of the artifact',
  'the artifact comes before the runtime, require': 'of the artifact',
  'the runtime comes last, import()': 'of the runtime',
  'the runtime comes last, require': 'of the runtime',
};

/** What the rows say on this machine: the addon of the fixtures is for Linux on x64. */
export const expectedHere: Readonly<Record<string, string>> = hasAddon
  ? expected
  : { ...expected, 'a native addon (.node)': "FAILED: Cannot find module './addon.node'" };

/** Files of an artifact with the packages of one folder of the fixtures, as `makeArtifact` takes them. */
export function packagesIn(name: string): Record<string, Buffer> {
  const root = path.join(fixtures, name);
  const files = fs.globSync('**/*', { cwd: root, withFileTypes: true }).filter(entry => entry.isFile());
  const read = Object.fromEntries(
    files.map(file => {
      const full = path.join(file.parentPath, file.name);
      return [path.relative(root, full), fs.readFileSync(full)];
    }),
  );
  if (name === 'packages' && hasAddon)
    read['native/addon.node'] = fs.readFileSync(path.join(fixtures, 'native/linux-x64.node'));
  return read;
}
