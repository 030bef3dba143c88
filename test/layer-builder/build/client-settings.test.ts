/** What of a project's files decides how its lockfile is found and installed. */
import { join } from 'node:path';
import test from 'ava';
import {
  pnpmWorkspaceSettings,
  yarnPathOf,
  yarnSettings,
} from '../../../layer-builder/read/client/settings.ts';
import { workspacePatterns } from '../../../layer-builder/read/client/workspaces.ts';
import { findLockfile } from '../../../layer-builder/read/lockfile-place.ts';
import { readScriptPolicy } from '../../../layer-builder/read/scripts.ts';
import { temporaryFolder, write } from './project.ts';

test('settings that a lockfile depends on are kept, those that would run code or lay links are not', t => {
  const text = `# ours
packages:
- 'packages/*'
nodeLinker: isolated
onlyBuiltDependencies:
  - esbuild
overrides:
  ms: 2.1.3
  # inside
"configDependencies":
  plugin: 1.0.0+sha512-x
catalog:
  koa: ^3.0.0
`;
  const kept = `packages:\n- 'packages/*'\noverrides:\n  ms: 2.1.3\n  # inside\ncatalog:\n  koa: ^3.0.0\n\n`;
  t.is(pnpmWorkspaceSettings(text), kept);
  const yarn = `plugins:\n  - path: .yarn/plugins/x.cjs\nyarnPath: .yarn/releases/yarn-4.cjs\nnpmScopes:\n  acme:\n    npmRegistryServer: "https://example.com"\ncacheFolder: /tmp/shared\n`;
  t.is(yarnSettings(yarn), `npmScopes:\n  acme:\n    npmRegistryServer: "https://example.com"\n`);
  t.is(yarnPathOf(yarn), '.yarn/releases/yarn-4.cjs');
  t.is(yarnPathOf(`yarn-path ".yarn/releases/yarn-1.cjs"\n`), '.yarn/releases/yarn-1.cjs');
});

const patterns: readonly [pattern: string, path: string, matches: boolean][] = [
  ['packages/*', 'packages/api', true],
  ['packages/*', 'packages/api/sub', false],
  ['./apps/**', 'apps/a/b', true],
  ['tools/cli/', 'tools/cli', true],
  ['lib.x', 'libyx', false],
];

test('patterns of workspaces are read as npm and Yarn read them', t => {
  for (const [pattern, path, matches] of patterns)
    t.is(
      workspacePatterns({ packages: [pattern] }).some(item => item.test(path)),
      matches,
      pattern,
    );
});

test('packageManager decides between lockfiles side by side; one above counts only for its workspaces', t => {
  const root = temporaryFolder(t);
  write(root, 'package.json', { workspaces: ['packages/*'] });
  for (const name of ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock']) write(root, name, '');
  t.is(findLockfile(root).client, 'npm');
  for (const [manager, client] of [
    ['pnpm@10.0.0+sha512.x', 'pnpm'],
    ['yarn@1.22.22', 'yarn-classic'],
    ['npm@12.0.0', 'npm'],
  ]) {
    write(root, 'package.json', { workspaces: ['packages/*'], packageManager: manager });
    t.is(findLockfile(root).client, client as 'npm');
  }
  write(root, 'yarn.lock', '__metadata:\n  version: 8\n');
  write(root, 'package-lock.json', { packages: { '': {} } });
  write(root, 'pnpm-lock.yaml', 'importers:\n\n  .: {}\n\n  other/app:\n    dependencies: {}\n\npackages:\n');
  for (const [folder, client] of [
    ['packages/api', 'yarn'],
    ['other/app', 'pnpm'],
  ] as const) {
    write(root, `${folder}/package.json`, {});
    const place = findLockfile(join(root, folder));
    t.deepEqual([place.client, place.projectLocation, place.folder], [client, folder, root]);
  }
  write(root, 'elsewhere/package.json', {});
  const error = t.throws<Error & { code: string }>(() => findLockfile(join(root, 'elsewhere')));
  t.is(error.code, 'LOCKFILE_MISSING');
});

test('decisions about install scripts are read from npm, pnpm and Yarn', t => {
  const project = temporaryFolder(t);
  t.deepEqual(readScriptPolicy(project), {});
  write(project, 'package.json', {
    allowScripts: { 'canvas@2.11.2 || 3.0.0': true, husky: false, odd: 'yes' },
    pnpm: { onlyBuiltDependencies: ['sharp'], ignoredBuiltDependencies: ['core-js'] },
    dependenciesMeta: { esbuild: { built: false }, left: { optional: true } },
  });
  write(
    project,
    'pnpm-workspace.yaml',
    `allowBuilds:\n  bcrypt: true # native\n  '@scope/x': false\n  later: set this\nonlyBuiltDependencies:\n- sqlite3\n`,
  );
  t.deepEqual(readScriptPolicy(project), {
    ...{ 'canvas@2.11.2 || 3.0.0': true, husky: false, sharp: true, 'core-js': false, esbuild: false },
    ...{ bcrypt: true, '@scope/x': false, sqlite3: true },
  });
});
