/**
 * Builds an artifact of each of the most used pure JavaScript packages and of a heavy set, verifies it, and writes the
 * table of docs/packages.md: `node bench/packages.ts`, or with names as arguments to print the rows of those alone.
 * Each package is locked anew from the registry, so the versions are those of the day.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf } from '../layer-builder/build/file.ts';
import { buildProject } from '../layer-builder/build/index.ts';
import { verifyProject } from '../layer-builder/build/verify.ts';
import { writeZip } from '../layer-builder/build/zip.ts';
import type { PlanReport } from '../layer-builder/plan/report.ts';
import { bytes } from '../layer-builder/report/table.ts';

const used = [
  ...['ajv', 'async', 'axios', 'bluebird', 'body-parser', 'chalk', 'cheerio', 'commander', 'cookie', 'cors'],
  ...[
    'dayjs',
    'debug',
    'dotenv',
    'ejs',
    'express',
    'fast-xml-parser',
    'fastify',
    'form-data',
    'fs-extra',
    'glob',
  ],
  ...[
    'got',
    'graphql',
    'handlebars',
    'hono',
    'iconv-lite',
    'immutable',
    'ioredis',
    'joi',
    'js-yaml',
    'jsonwebtoken',
  ],
  ...[
    'koa',
    'lodash',
    'lru-cache',
    'luxon',
    'marked',
    'mime-types',
    'minimatch',
    'moment',
    'mongodb',
    'nanoid',
  ],
  ...['node-fetch', 'pg', 'pino', 'qs', 'react', 'readable-stream', 'rxjs', 'semver', 'tslib', 'uglify-js'],
  ...['undici', 'uuid', 'validator', 'winston', 'ws', 'yargs'],
];
const heavy = [
  ...['@aws-sdk/client-dynamodb', '@aws-sdk/client-ec2', '@aws-sdk/client-s3', 'date-fns', 'googleapis'],
  ...['lodash-es', 'pdf-lib', 'puppeteer-core', 'sharp', 'typescript', 'zod'],
];

interface Row {
  readonly name: string;
  readonly version: string;
  readonly needs: number;
  readonly form: string;
  readonly raw: { readonly zip: number; readonly files: number };
  readonly own: { readonly zip: number; readonly files: number };
  readonly forms: string;
  readonly proof: string;
  readonly reason: string;
}

const page = new URL('../docs/packages.md', import.meta.url);
const asked = process.argv.slice(2);

if (asked.length > 0) process.stdout.write(`${table(await measureAll([asked]))}\n`);
else {
  const [common = [], large = []] = [await measureAll([used]), await measureAll([heavy, [heavy.join()]])];
  writeFileSync(page, document(common, large));
}

/** Each name by itself; a list of names separated by commas is one app. */
async function measureAll(sets: readonly (readonly string[])[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of sets.flat()) {
    process.stderr.write(`${name}\n`);
    rows.push(await measure(name.split(',')));
  }
  return rows;
}

async function measure(names: readonly string[]): Promise<Row> {
  const project = mkdtempSync(join(tmpdir(), 'bench-packages-'));
  try {
    const dependencies = Object.fromEntries(names.map(name => [name, name === 'typescript' ? '^5' : '*']));
    write(
      project,
      'package.json',
      JSON.stringify({ name: 'one', version: '1.0.0', type: 'module', dependencies }),
    );
    write(project, 'app.js', names.map((name, index) => `import * as p${index} from '${name}';`).join('\n'));
    write(
      project,
      'app.js',
      `${readFileSync(join(project, 'app.js'))}\nexport const app = [${names.map((_, index) => `p${index}`)}];`,
    );
    write(project, 'layer-builder.config.json', JSON.stringify({ include: names }));
    execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: project,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { artifacts } = await buildProject(project);
    const { artifacts: verified } = await verifyProject(project);
    const report = JSON.parse(
      readFileSync(join(project, '.layer-builder/report.json'), 'utf8'),
    ) as PlanReport;
    const packages = report.artifacts[0]?.packages ?? [];
    const roots = packages.filter(item => names.includes(item.name) && item.requiredBy.includes('app'));
    const raw = installedFiles(project);
    return {
      name: names.length === 1 ? names.join() : `all ${names.length} together`,
      version: roots.length === 1 ? (roots[0]?.version ?? '') : '',
      needs: packages.length - roots.length,
      form: names.length === 1 ? (roots[0]?.form ?? '') : '',
      raw: {
        files: raw.length,
        zip: (await writeZip(raw.map(path => fileOf(path, readFileSync(join(project, path)))))).length,
      },
      own: { files: artifacts[0]?.files ?? 0, zip: artifacts[0]?.size ?? 0 },
      forms: countForms(packages),
      proof: verified.every(item => item.loaded.length === names.length) ? 'answers' : 'not loaded',
      reason: roots.length === 1 ? (roots[0]?.reason ?? '') : '',
    };
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Paths, from the project, of all that npm ci left. */
function installedFiles(project: string): string[] {
  const cache = join(project, '.layer-builder/cache');
  return readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .filter(path => path.includes('node_modules/') && !path.includes('.package-lock.json'))
    .map(path => join('.layer-builder/cache', path))
    .filter(path => statSync(join(project, path)).isFile());
}

function countForms(packages: PlanReport['artifacts'][number]['packages']): string {
  const count = (form: string) => packages.filter(item => item.form === form).length;
  return [count('compacted'), count('traced'), count('whole')].join(' / ');
}

function document(common: readonly Row[], large: readonly Row[]): string {
  return `# Packages that were tried

Made by \`node bench/packages.ts\` on Node ${process.versions.node}: each package alone in an app, locked anew, built and
verified for \`nodejs24.x\` on \`x86_64\`. **Installed** is what \`npm ci\` leaves, zipped the same way, without the runtime's own
packages. **Forms** counts the package and all it needs: compacted / traced / whole. **Proof**: in a process of its own, under
Lambda's flags, the artifact answers every entry point with the names, kinds and arities of the installed package. What is
not compacted has its reason. The artifact has V8's compile cache, SBOM, licences and marker besides, four files or more, so
a package that stays whole can be larger than it was.

## Much used packages

${table(common)}

## Heavy ones

${table(large)}
`;
}

function table(rows: readonly Row[]): string {
  const head = [
    'package',
    'needs',
    'form',
    'forms',
    'installed',
    'files',
    'artifact',
    'files',
    'proof',
    'why not compacted',
  ];
  const lines = rows.map(row => [
    row.version === '' ? row.name : `${row.name} ${row.version}`,
    String(row.needs),
    row.form,
    row.forms,
    bytes(row.raw.zip),
    String(row.raw.files),
    `${bytes(row.own.zip)} (${(row.own.zip / row.raw.zip).toFixed(2)})`,
    String(row.own.files),
    row.proof,
    row.reason.replaceAll('|', '\\|'),
  ]);
  const right = new Set([1, 4, 5, 6, 7]);
  return [head, head.map((_, index) => (right.has(index) ? '---:' : '---')), ...lines]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n');
}
