/** The same input gives the same digest, whatever the machine is set to. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { makeProject, temporaryFolder, write } from './project.ts';

const run = promisify(execFile);
const cli = fileURLToPath(new URL('../../../layer-builder/bin.js', import.meta.url));

interface Setting {
  readonly title: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly umask?: string;
  /** More files of the project. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Every clock that a build could ask is thirty years ahead. */
const clockAhead = encodeURIComponent(
  `const Real = Date, ahead = 1e12; globalThis.Date = class extends Real { constructor(...args) { args.length ? super(...args) : super(Real.now() + ahead); } static now() { return Real.now() + ahead; } };`,
);

const settings: readonly Setting[] = [
  { title: 'as it is' },
  {
    title: 'another time zone, clock, locale and umask',
    env: {
      ...{ TZ: 'Pacific/Kiritimati', SOURCE_DATE_EPOCH: '1', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
      NODE_OPTIONS: `--import=data:text/javascript,${clockAhead}`,
    },
    umask: '0077',
  },
  {
    title: 'settings of a surrounding npm',
    env: { npm_config_omit: 'optional', npm_config_ignore_scripts: 'false', NODE_ENV: 'production' },
    umask: '0002',
  },
  {
    title: 'a package that debug tries to require and the lockfile does not hold',
    files: { 'node_modules/supports-color/index.js': 'exports.stderr = { level: 3 };' },
  },
];

test('D21 time zone, clock, locale, umask, npm settings, depth of the folder and its own node_modules do not change the digest', async t => {
  const source = makeProject(t, { dependencies: ['debug', 'is-stream'] });
  const digests: string[] = [];
  for (const [index, { env = {}, umask = '0022', files = {} }] of settings.entries()) {
    const project = join(
      temporaryFolder(t),
      ...Array.from({ length: index * 3 }, (_, depth) => `folder ${depth}`),
      'p',
    );
    mkdirSync(project, { recursive: true });
    for (const name of ['package.json', 'package-lock.json', 'app.js'])
      write(project, name, readFileSync(join(source, name)));
    for (const [path, text] of Object.entries(files)) write(project, path, text);
    const command = `umask ${umask}; exec "$0" "$@"`;
    const { stdout } = await run(
      'sh',
      ['-c', command, process.execPath, cli, 'build', '--json', '--project', project],
      {
        env: { ...process.env, ...env },
        cwd: project,
      },
    );
    digests.push(JSON.parse(stdout).artifacts[0].digest);
    rmSync(project, { recursive: true });
  }
  t.deepEqual(
    digests,
    settings.map(() => digests[0]),
  );
});
