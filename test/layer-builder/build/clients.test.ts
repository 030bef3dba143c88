import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { contentOf, defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import type { TestClient } from './clients.ts';
import { clientEnv, clients, lockWith, missingPrograms } from './clients.ts';
import { makeElf } from './elf.ts';
import { listing, temporaryFolder, write } from './project.ts';
import type { Registry } from './registry.ts';
import { startRegistry } from './registry.ts';
import type { MadeUpPackage } from './tarball.ts';

const home = mkdtempSync(join(tmpdir(), 'layer-builder-test-'));
const poison = join(home, 'poisoned');
const scripts = Object.fromEntries(
  ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'prepublish', 'pnpm:devPreinstall'].map(
    name => [name, `node -e "require('fs').appendFileSync('${poison}', '${name} ')"`],
  ),
);

const platform = (os: string, cpu: string, libc: string | undefined, machine: number): MadeUpPackage => {
  const name = `@native/${os}-${cpu}${libc === 'musl' ? '-musl' : ''}`;
  const manifest = { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) };
  return { name, manifest, files: { 'addon.node': makeElf({ machine }) } };
};
const platforms = [
  platform('linux', 'x64', 'glibc', 62),
  platform('linux', 'arm64', 'glibc', 183),
  platform('linux', 'x64', 'musl', 62),
  platform('linux', 'arm64', 'musl', 183),
  platform('darwin', 'arm64', undefined, 183),
];
const packages: readonly MadeUpPackage[] = [
  ...platforms,
  {
    name: 'native',
    manifest: { optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [name, '1.0.0'])) },
    files: {
      'index.js': `exports.load = () => require('@native/' + process.platform + '-' + process.arch);`,
    },
  },
  { name: 'low', files: { 'index.js': `exports.version = 1;` } },
  { name: 'low', manifest: { version: '2.0.0' }, files: { 'index.js': `exports.version = 2;` } },
  {
    name: 'plain',
    manifest: { dependencies: { low: '^1.0.0' } },
    files: { 'index.js': `exports.low = require('low').version;` },
  },
  {
    name: 'poison',
    manifest: { scripts },
    files: { 'index.js': `exports.poison = true;`, 'binding.gyp': '{}' },
  },
  { name: 'forgetful', files: { 'index.js': `exports.version = require('low').version;` } },
  { name: 'tool', manifest: { dependencies: { low: '^1.0.0' } }, files: { 'index.js': '' } },
];

let registry: Registry;
const projects = new Map<string, string>();

test.before(async t => {
  const missing = missingPrograms();
  if (missing.length > 0)
    t.log(`SKIPPED for ${missing.join(', ')}: run "npm ci" to have these package managers`);
  registry = await startRegistry(packages);
});

test.after.always(() => {
  registry.close();
  rmSync(home, { recursive: true, force: true });
});

/** A workspace with everything that lockfiles differ in, locked by the client; `packages/api` is what is built. */
function makeWorkspace(client: TestClient, folder: string): void {
  for (const [path, text] of Object.entries(client.settings(registry.address))) write(folder, path, text);
  const shared = { name: 'root', version: '1.0.0', private: true, scripts };
  write(folder, 'package.json', {
    ...shared,
    workspaces: ['packages/*'],
    devDependencies: { tool: '1.0.0' },
  });
  const dependencies = {
    native: '1.0.0',
    plain: '^1.0.0',
    low: '2.0.0',
    poison: '1.0.0',
    local: 'file:vendor/local',
  };
  write(folder, 'packages/api/package.json', {
    ...{ name: 'api', version: '1.0.0', type: 'module' },
    dependencies: { ...dependencies, shared: client.workspace },
  });
  write(folder, 'packages/api/vendor/local/package.json', { name: 'local', version: '1.0.0', scripts });
  write(folder, 'packages/api/vendor/local/index.js', `exports.local = true;`);
  write(
    folder,
    'packages/api/app.ts',
    `import { load } from 'native';\nimport { low } from 'plain';\nimport { version } from 'low';\nimport { poison } from 'poison';\nimport { local } from 'local';\nimport { shared } from 'shared';\nexport const app: unknown = [load, low, version, poison, local, shared];\n`,
  );
  write(folder, 'packages/shared/package.json', {
    ...{ name: 'shared', version: '1.0.0', type: 'module', main: 'index.ts' },
    dependencies: { low: '2.0.0' },
  });
  write(
    folder,
    'packages/shared/index.ts',
    `import { version } from 'low';\nexport const shared: number = version;\n`,
  );
}

/** Locked once for each client; every test gets a copy. */
async function lockedWorkspace(client: TestClient): Promise<string> {
  const known = projects.get(client.name);
  if (known !== undefined) return known;
  const folder = join(home, `project-${client.name.replace(' ', '')}`);
  makeWorkspace(client, folder);
  await lockWith(client, folder, clientEnv(home, client));
  rmSync(poison, { force: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync('../packages/shared', join(folder, 'node_modules/shared'));
  projects.set(client.name, folder);
  return folder;
}

function filesOf(path: string): Map<string, string> {
  const zip = readFileSync(path);
  const files = readArchive(zip, defaultLimits).filter(entry => entry.kind === 'file');
  return new Map(files.map(entry => [entry.path, contentOf(zip, entry).toString('base64')]));
}

const present = clients.filter(({ program }) => program === undefined || existsSync(program.path));

test.serial(
  'the same versions make the same artifact from every lockfile, for both machines, and no script runs',
  async t => {
    for (const architecture of ['arm64', 'x86_64']) {
      const digests = new Map<string, string>();
      const contents = new Map<string, Map<string, string>>();
      for (const client of present) {
        const project = join(await lockedWorkspace(client), 'packages/api');
        write(project, 'layer-builder.config.json', { architecture });
        const { artifacts, warnings, cached } = await buildProject(project, { env: clientEnv(home, client) });
        t.false(cached);
        const [artifact] = artifacts;
        if (!artifact) return t.fail();
        const cpu = architecture === 'arm64' ? 'arm64' : 'x64';
        t.deepEqual(
          artifact.packages.map(item => `${item.name}@${item.version}`),
          [
            `@native/linux-${cpu}@1.0.0`,
            'local@1.0.0',
            'low@2.0.0',
            'native@1.0.0',
            'plain@1.0.0',
            'low@1.0.0',
            'poison@1.0.0',
          ],
          client.name,
        );
        t.true(
          warnings.some(line => line.startsWith('poison@1.0.0 has an install script')),
          client.name,
        );
        digests.set(client.name, artifact.digest);
        contents.set(client.name, filesOf(artifact.path));
      }
      t.false(existsSync(poison), existsSync(poison) ? readFileSync(poison, 'utf8') : '');
      for (const { name } of present) {
        if (name !== 'Yarn 4') t.is(digests.get(name), digests.get('npm'), name);
        // Yarn 4 knows the checksum of its own archives only, so its SBOM has no hashes of tarballs.
        const differing = [...(contents.get('npm') ?? [])].filter(
          ([path, bytes]) => contents.get(name)?.get(path) !== bytes,
        );
        const paths = differing.map(([path]) => path);
        t.deepEqual(
          paths,
          name === 'Yarn 4'
            ? ['nodejs/.layer-builder/core.json', 'nodejs/.layer-builder/core.sbom.json']
            : [],
          name,
        );
      }
    }
  },
);

interface Fault {
  readonly title: string;
  readonly code: string;
  readonly spoil: (project: string, root: string, client: TestClient) => void;
}

const faults: readonly Fault[] = [
  {
    title: 'D25 a tarball that is not the one locked',
    code: 'INTEGRITY_MISMATCH',
    spoil(_project, root, { lockfile }) {
      const path = join(root, lockfile);
      const text = readFileSync(path, 'utf8');
      const at = /^ *"?plain@.*:$/m.exec(text)?.index ?? 0;
      const after = text.slice(at).replace(/(sha512-|checksum: \w+\/)..../, '$1AAAA');
      writeFileSync(path, text.slice(0, at) + after);
    },
  },
  {
    title: 'a workspace that asks for something else than was locked',
    code: 'LOCKFILE_OUT_OF_STEP',
    spoil(project) {
      const path = join(project, 'package.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"low": "2.0.0"', '"low": "1.0.0"'));
    },
  },
];

for (const client of present.filter(({ program }) => program !== undefined)) {
  test.serial(
    `${client.name}: tampered and stale lockfiles have their code and leave the last build`,
    async t => {
      const original = await lockedWorkspace(client);
      for (const { title, code, spoil } of faults) {
        const root = temporaryFolder(t);
        cpSync(original, root, { recursive: true, verbatimSymlinks: true });
        const project = join(root, 'packages/api');
        spoil(project, root, client);
        const before = listing(project);
        const error = await t.throwsAsync<Error & { code: string; hint: string }>(
          buildProject(project, { env: clientEnv(home, client) }),
        );
        t.is(error.code, code, `${title}: ${error.message}`);
        t.truthy(error.hint);
        t.deepEqual(listing(project), before, title);
      }
    },
  );
}

test.serial('another Yarn than the one that wrote the lockfile is named with what was found', async t => {
  const [old, berry] = ['Yarn 1', 'Yarn 4'].map(name => present.find(client => client.name === name));
  if (!old || !berry) return t.log('SKIPPED: needs both kinds of Yarn');
  for (const [client, other, found] of [
    [old, berry, /found 4\./],
    [berry, old, /found 1\./],
  ] as const) {
    const project = join(await lockedWorkspace(client), 'packages/api');
    const env = { ...clientEnv(home, other), XDG_CACHE_HOME: temporaryFolder(t) };
    const error = await t.throwsAsync<Error & { code: string; hint: string }>(buildProject(project, { env }));
    t.is(error.code, 'CLIENT_MISSING');
    t.regex(error.message, found);
  }
  return undefined;
});

test.serial('a git dependency is built from its commit, and its scripts do not run', async t => {
  const repository = join(home, 'gitdep');
  write(repository, 'package.json', { name: 'gitdep', version: '3.2.1', scripts });
  write(repository, 'index.js', 'exports.fromGit = true;');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: repository,
    });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'x');
  const commit = String(git('rev-parse', 'HEAD')).trim();
  for (const client of present.filter(({ name }) => name !== 'Yarn 4')) {
    const project = temporaryFolder(t);
    for (const [path, text] of Object.entries(client.settings(registry.address))) write(project, path, text);
    // npm 12 fetches from git only where the project says so.
    if (client.name === 'npm') write(project, '.npmrc', `registry=${registry.address}/\nallow-git=all\n`);
    if (client.name === 'pnpm') rmSync(join(project, 'pnpm-workspace.yaml'));
    const dependencies = { gitdep: `git+file://${repository}#${commit}` };
    write(project, 'package.json', { name: 'sample', version: '1.0.0', type: 'module', dependencies });
    write(project, 'app.js', `import { fromGit } from 'gitdep'; export const app = fromGit;`);
    const env = clientEnv(home, client);
    await lockWith(client, project, env);
    rmSync(poison, { force: true });
    const { artifacts } = await buildProject(project, { env });
    t.deepEqual(
      artifacts[0]?.packages.map(item => `${item.name}@${item.version}`),
      ['gitdep@3.2.1'],
      client.name,
    );
    t.false(existsSync(poison), client.name);
  }
});

test.serial(
  'what packageExtensions and a pnpmfile add to a package is packaged, and the pnpmfile does not run',
  async t => {
    for (const client of present.filter(({ name }) => name === 'pnpm' || name === 'Yarn 4')) {
      const project = temporaryFolder(t);
      const extension = 'packageExtensions:\n  forgetful@*:\n    dependencies:\n      low: ^1.0.0\n';
      for (const [path, text] of Object.entries(client.settings(registry.address)))
        write(project, path, text);
      if (client.name === 'Yarn 4')
        write(project, '.yarnrc.yml', `${client.settings(registry.address)['.yarnrc.yml']}${extension}`);
      else {
        rmSync(join(project, 'pnpm-workspace.yaml'));
        const hook = `if (own.name === 'forgetful') own.dependencies = { low: '^1.0.0' };`;
        write(
          project,
          '.pnpmfile.cjs',
          `require('fs').writeFileSync('${poison}', 'pnpmfile'); module.exports = { hooks: { readPackage(own) { ${hook} return own; } } };`,
        );
      }
      const dependencies = { forgetful: '1.0.0' };
      write(project, 'package.json', { name: 'sample', version: '1.0.0', type: 'module', dependencies });
      write(project, 'app.js', `import { version } from 'forgetful'; export const app = version;`);
      const env = clientEnv(home, client);
      await lockWith(client, project, env);
      rmSync(poison, { force: true });
      const { artifacts } = await buildProject(project, { env });
      t.deepEqual(
        artifacts[0]?.packages.map(item => `${item.name}@${item.version}`),
        ['forgetful@1.0.0', 'low@1.0.0'],
        client.name,
      );
      t.false(existsSync(poison), client.name);
    }
  },
);
