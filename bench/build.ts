/**
 * The artifact against what was installed: time to import, bytes of the zip, files. Two sets: what the reference
 * service imports, and this project's own production dependencies, the AWS clients among them.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpack } from '../handler/unpack.ts';
import { fileOf } from '../layer-builder/build/file.ts';
import { buildProject } from '../layer-builder/build/index.ts';
import { writeZip } from '../layer-builder/build/zip.ts';
import type { Bench, Result, Row, Target } from './support/result.ts';
import { ratioOf } from './support/result.ts';
import type { Contender } from './support/statistics.ts';
import { interleave, summarise } from './support/statistics.ts';

const rounds = 15;
const sets = {
  service: ['koa', '@koa/router'],
  project: [
    ...['koa', '@koa/router', 'serverless-http', 'unzipper', 'archiver', '@smithy/signature-v4'],
    ...['@aws-sdk/client-s3', '@aws-sdk/client-lambda'],
  ],
} as const;
type SetName = keyof typeof sets;

/** Imports everything, as an app does, and prints the milliseconds. */
const script = `
  import module from 'node:module';
  const [names, cache] = [process.argv[2].split(','), process.argv[3]];
  const start = performance.now();
  if (cache) module.enableCompileCache({ directory: cache, portable: true });
  for (const name of names) await import(name);
  process.stdout.write(String(performance.now() - start));
  process.exit(0);
`;

export const bench: Bench = { name: 'build', run };

interface Subject {
  readonly name: string;
  readonly set: SetName;
  /** Folder that holds node_modules. */
  readonly root: string;
  readonly cache: boolean;
  readonly zipBytes: number;
  readonly files: number;
}

async function run(progress: (line: string) => void): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-build-'));
  try {
    const subjects: Subject[] = [];
    for (const set of Object.keys(sets) as SetName[]) {
      progress(`building ${set}`);
      subjects.push(...(await makeSubjects(set, join(folder, set))));
    }
    const contenders = subjects.map(
      (subject): Contender => ({ name: subject.name, run: async () => ({ ms: importTime(subject) }) }),
    );
    const samples = await interleave(contenders, rounds, 2, progress);
    const rows = subjects.map((subject): Row => {
      const ms = samples.get(subject.name)?.['ms'] ?? [];
      return {
        contender: subject.name,
        figures: {
          ms: summarise(ms),
          'zip kB': summarise([subject.zipBytes / 1000]),
          files: summarise([subject.files]),
        },
      };
    });
    return {
      name: 'build',
      title: 'Artifacts against installed packages',
      figure: 'ms',
      unit: 'ms to import, in a fresh process',
      rows,
      targets: (Object.keys(sets) as SetName[]).flatMap(set => targetsOf(set, rows)),
      notes: [
        `service: ${sets.service.join(', ')}`,
        `project: ${sets.project.join(', ')}`,
        'installed: what npm ci leaves, nothing pruned; every import in one process under --no-experimental-require-module',
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function targetsOf(set: SetName, rows: readonly Row[]): Target[] {
  const target = (figure: string, reach: number): Target => ({
    text: `${set}: ${figure}, artifact over installed`,
    ratio: ratioOf(rows, figure, `${set}: artifact`, `${set}: installed`),
    reach,
  });
  return [target('ms', 0.55), target('zip kB', 0.15), target('files', 0.02)];
}

async function makeSubjects(set: SetName, folder: string): Promise<Subject[]> {
  const project = join(folder, 'project');
  mkdirSync(project, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    cpSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), join(project, name));
  }
  writeFileSync(join(project, 'app.mjs'), sets[set].map(name => `import '${name}';`).join('\n'));
  writeFileSync(join(project, 'layer-builder.config.json'), JSON.stringify({ include: sets[set] }));
  const { artifacts } = await buildProject(project);
  const zip = readFileSync(artifacts[0]?.path ?? '');
  unpack(zip, join(folder, 'artifact'));
  // Node looks only in the folder of its own user, and the artifact's is Lambda's.
  const cache = join(folder, 'artifact/nodejs/.layer-builder/cache');
  for (const name of readdirSync(cache)) {
    renameSync(join(cache, name), join(cache, name.replace(/\d+$/, String(process.getuid?.()))));
  }
  const [key = ''] = readdirSync(join(project, '.layer-builder/cache'));
  const installed = join(folder, 'installed');
  cpSync(join(project, '.layer-builder/cache', key, 'node_modules'), join(installed, 'node_modules'), {
    recursive: true,
  });
  const raw = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter(item => item.isFile())
    .map(item => join(item.parentPath, item.name));
  const rawZip = await writeZip(
    raw.map(path => fileOf(path.slice(installed.length + 1), readFileSync(path))),
  );
  const own = {
    zipBytes: zip.length,
    files: artifacts[0]?.files ?? 0,
    root: join(folder, 'artifact/nodejs'),
  };
  return [
    {
      name: `${set}: installed`,
      set,
      cache: false,
      root: installed,
      zipBytes: rawZip.length,
      files: raw.length,
    },
    { name: `${set}: artifact`, set, cache: true, ...own },
    { name: `${set}: artifact without its compile cache`, set, cache: false, ...own },
  ];
}

function importTime({ root, set, cache }: Subject): number {
  const path = join(root, 'bench.mjs');
  writeFileSync(path, script);
  const args = ['--no-experimental-require-module', path, sets[set].join(',')];
  if (cache) args.push(join(root, '.layer-builder/cache'));
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}
