/** Pure: how each package manager is told to install exactly a lockfile, without links, for another machine. */
import type { Machine } from '../../plan/reach.ts';
import type { Client } from '../lockfile-place.ts';
import type { KnownFailure } from './run.ts';

export type ForeignClient = Exclude<Client, 'npm'>;

export interface ClientRules {
  /** The program, and what a person calls it. */
  readonly command: string;
  readonly title: string;
  /** Versions of the program that read this lockfile, tested on what `--version` prints. */
  readonly versions: RegExp;
  readonly remedy: string;
  /** Arguments; `cache` is a private folder. */
  args(machine: Machine, cache: string): readonly string[];
  /** Arguments that make it write what packages need, where the lockfile does not say all. */
  readonly needs?: readonly string[];
  /** Settings beyond arguments, by file; each is added to what the project's own file says. */
  settings(machine: Machine, cache: string): Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Environment variables of the client that say where packages come from; all its others are left out. */
  readonly transport: RegExp;
  readonly known: readonly KnownFailure[];
  readonly noise: RegExp;
}

const tampered = {
  code: 'INTEGRITY_MISMATCH',
  says: 'a package is not the one that was locked',
  hint: 'find out who changed it: the lockfile, the registry or a proxy; do not simply lock it anew',
} as const;

const outOfStep = (client: string, command: string) =>
  ({
    code: 'LOCKFILE_OUT_OF_STEP',
    says: `${client} finds the lockfile out of step with package.json`,
    hint: `run "${command}" and commit the lockfile`,
  }) as const;

const invalid = (client: string, command: string) =>
  ({
    code: 'LOCKFILE_INVALID',
    says: `${client} cannot read the lockfile`,
    hint: `run "${command}" to write it anew`,
  }) as const;

const yarnTransport =
  /^YARN_(NPM_|HTTPS?_|CA_|CAFILE|ENABLE_STRICT_SSL|STRICT_SSL|UNSAFE_HTTP|NETWORK_|REGISTRY)/;

/**
 * Caches of content that the client verifies before use are the user's own (pnpm's store); the others are private, so
 * that every byte is fetched and verified: Yarn 1 trusts what it has unpacked before.
 */
export const clientRules: Readonly<Record<ForeignClient, ClientRules>> = {
  pnpm: {
    command: 'pnpm',
    title: 'pnpm 9 or newer',
    versions: /^(9|\d{2,})\./,
    remedy: 'install pnpm ("npm install --global pnpm" or "corepack enable")',
    args: () =>
      [
        ...['install', '--frozen-lockfile', '--ignore-scripts', '--prod', '--prefer-offline'],
        // A pnpmfile is code; what it changed is in the lockfile.
        '--ignore-pnpmfile',
        ...['node-linker=hoisted', 'verify-store-integrity=true', 'engine-strict=false'],
        // What scripts made of a package on this machine stays out.
        ...['side-effects-cache=false', 'side-effects-cache-readonly=false'],
        ...[
          'fetch-retries=2',
          'fetch-retry-factor=2',
          'fetch-retry-mintimeout=1000',
          'fetch-retry-maxtimeout=5000',
        ],
      ].map(argument => (/^[a-z-]+=/.test(argument) ? `--config.${argument}` : argument)),
    settings: machine => ({ 'pnpm-workspace.yaml': architectures(machine) }),
    // Without a terminal it would ask before it removes a node_modules.
    env: { CI: 'true' },
    transport: /^(?!)/,
    known: [
      { found: /ERR_PNPM_\w*INTEGRITY|Integrity check failed|Got unexpected checksum/, ...tampered },
      {
        found: /ERR_PNPM_(OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|NO_LOCKFILE|FROZEN_LOCKFILE)/,
        ...outOfStep('pnpm', 'pnpm install'),
      },
      { found: /ERR_PNPM_(BROKEN_LOCKFILE|LOCKFILE_)/, ...invalid('pnpm', 'pnpm install') },
    ],
    noise:
      /^(\[?WARN\b|\? |Changelog|To update|Progress|Scope|Packages|Lockfile is up to date|Will retry|at |\++$)|^(ERR_PNPM_META)/,
  },

  'yarn-classic': {
    command: 'yarn',
    title: 'Yarn 1',
    versions: /^1\./,
    remedy: 'have Yarn 1 on the PATH ("npm install --global yarn")',
    args: ({ cpu }, cache) => [
      ...['install', '--frozen-lockfile', '--ignore-scripts', '--production=true', '--non-interactive'],
      ...['--no-bin-links', '--no-progress', '--ignore-engines', '--cache-folder', cache],
      // It knows no target machine, so it takes the packages of all and the plan leaves out the others.
      ...(process.platform === 'linux' && process.arch === cpu ? [] : ['--ignore-platform']),
    ],
    settings: () => ({}),
    // It runs the scripts of what comes from git in a second process of itself, which knows no arguments.
    env: { YARN_IGNORE_SCRIPTS: 'true', YARN_IGNORE_PATH: '1' },
    transport: yarnTransport,
    known: [
      {
        found: /Integrity check failed|doesn't match our records|fetchBadHash|hashes don't match/i,
        ...tampered,
      },
      { found: /lockfile needs to be updated/, ...outOfStep('Yarn', 'yarn install') },
      { found: /Unknown token|Invalid value type|ParseError/, ...invalid('Yarn', 'yarn install') },
    ],
    noise: /^(\[\d\/\d\]|yarn install v|info |warning |at )/,
  },

  yarn: {
    command: 'yarn',
    title: 'Yarn 2 or newer',
    versions: /^([2-9]|\d{2,})\./,
    remedy:
      'have the project\'s Yarn on the PATH ("corepack enable"), or check it in with "yarn set version"',
    args: () => ['install', '--immutable', '--mode=skip-build'],
    needs: ['info', '--all', '--recursive', '--json'],
    settings: (machine, cache) => ({
      '.yarnrc.yml': [
        'nodeLinker: node-modules',
        'nmHoistingLimits: none',
        'nmMode: classic',
        'enableScripts: false',
        'enableGlobalCache: false',
        'enableMirror: false',
        'enableTelemetry: false',
        'checksumBehavior: throw',
        `cacheFolder: ${JSON.stringify(cache)}`,
        architectures(machine),
      ].join('\n'),
    }),
    env: { YARN_IGNORE_PATH: '1' },
    transport: yarnTransport,
    known: [
      { found: /YN0018/, ...tampered },
      { found: /YN0028|would have been (modified|created)/, ...outOfStep('Yarn', 'yarn install') },
      { found: /parsing|Parse Error|SyntaxError/i, ...invalid('Yarn', 'yarn install') },
    ],
    noise: /YN0000: [┌└·]|YN0013|YN0077|YN0002|YN0086|YN0060|^at /,
  },
};

function architectures({ os, cpu, libc }: Machine): string {
  return `supportedArchitectures:\n  os: [${os}]\n  cpu: [${cpu}]\n  libc: [${libc}]\n`;
}
