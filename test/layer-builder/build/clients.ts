/** The package managers with which a project can be locked, as the tests run them. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { write } from './project.ts';

const run = promisify(execFile);
const installed = (path: string) => fileURLToPath(new URL(`../../../node_modules/${path}`, import.meta.url));

export interface TestClient {
  readonly name: string;
  readonly lockfile: string;
  /** Version range of a workspace of the same project. */
  readonly workspace: string;
  /** What it installs with, below the tests' own node_modules; npm is the machine's. */
  readonly program?: { readonly name: string; readonly path: string };
  /** Arguments that write the lockfile and little else. */
  readonly lock: readonly string[];
  settings(registry: string): Readonly<Record<string, string>>;
}

const npmrc = (registry: string) => `registry=${registry}/\n`;

export const clients: readonly TestClient[] = [
  {
    name: 'npm',
    lockfile: 'package-lock.json',
    workspace: '*',
    lock: ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'],
    settings: registry => ({ '.npmrc': npmrc(registry) }),
  },
  {
    name: 'pnpm',
    lockfile: 'pnpm-lock.yaml',
    workspace: 'workspace:*',
    program: { name: 'pnpm', path: installed('pnpm/bin/pnpm.cjs') },
    lock: ['install', '--lockfile-only', '--ignore-scripts'],
    settings: registry => ({
      '.npmrc': npmrc(registry),
      // The second and third are settings that a build must not follow.
      'pnpm-workspace.yaml':
        'packages:\n  - packages/*\nnodeLinker: isolated\ndangerouslyAllowAllBuilds: true\n',
    }),
  },
  {
    name: 'Yarn 1',
    lockfile: 'yarn.lock',
    workspace: '1.0.0',
    program: { name: 'yarn', path: installed('yarn/bin/yarn.js') },
    lock: ['install', '--ignore-scripts', '--non-interactive'],
    settings: registry => ({ '.npmrc': npmrc(registry), '.yarnrc': `registry "${registry}/"\n` }),
  },
  {
    name: 'Yarn 4',
    lockfile: 'yarn.lock',
    workspace: 'workspace:*',
    program: { name: 'yarn', path: installed('@yarnpkg/cli-dist/bin/yarn.js') },
    lock: ['install', '--mode=update-lockfile', '--no-immutable'],
    settings: registry => ({
      '.yarnrc.yml': `enableScripts: true\nnodeLinker: pnp\nunsafeHttpWhitelist:\n  - 127.0.0.1\nnpmRegistryServer: "${registry}"\nchecksumBehavior: ignore\n`,
    }),
  },
];

/** An environment in which a client, and no other, is on the PATH; home and cache are the test's own. */
export function clientEnv(home: string, client: TestClient | undefined): NodeJS.ProcessEnv {
  const bin = join(home, `bin-${client?.name.replace(' ', '') ?? 'none'}`);
  mkdirSync(bin, { recursive: true });
  const programs = client?.program ? [client.program] : [];
  for (const { name, path } of programs) {
    if (existsSync(join(bin, name))) continue;
    write(bin, name, `#!/bin/sh\nexec '${process.execPath}' '${path}' "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  if (!existsSync(join(bin, 'node'))) symlinkSync(process.execPath, join(bin, 'node'));
  const system = (process.env['PATH'] ?? '').split(':').filter(folder => !hasForeignClient(folder));
  const npm = programs.length === 0 ? (process.env['PATH'] ?? '').split(':') : [];
  return {
    PATH: [bin, ...system, ...(client ? npm : [])].join(':'),
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
  };
}

export function missingPrograms(): string[] {
  return clients.flatMap(({ name, program }) => (program && !existsSync(program.path) ? [name] : []));
}

/** Lets the client lock what package.json asks for; what it installed beside is removed. */
export async function lockWith(client: TestClient, project: string, env: NodeJS.ProcessEnv): Promise<void> {
  rmSync(join(project, client.lockfile), { force: true });
  // Yarn 2 and newer look for the project upwards and stop at a lockfile.
  if (client.name === 'Yarn 4') write(project, client.lockfile, '');
  await run(client.program?.name ?? 'npm', [...client.lock], { cwd: project, env: { ...env, CI: '' } });
  rmSync(join(project, 'node_modules'), { recursive: true, force: true });
}

function hasForeignClient(folder: string): boolean {
  return (
    folder === dirname(installed('.bin/x')) || ['pnpm', 'yarn'].some(name => existsSync(join(folder, name)))
  );
}
