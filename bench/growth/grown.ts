/** Made-up projects of any number of files and bytes, in the proportions of the service and the heavy set. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchSet } from '../cold-start/sets.ts';

const packages = 10;
/**
 * Of ten files: one is loaded at the start, one when a function asks for it, three are of another module format that
 * nobody asks for, five are declarations. In the two sets 6 and 14 % of the files are loaded, 38 and 41 % are code.
 */
const kinds = ['start', 'later', 'esm', 'esm', 'esm', 'types', 'types', 'types', 'types', 'types'] as const;

/** A project whose app imports ten CommonJS packages that hold `files` files and `bytes` bytes together. */
export function grownSet(files: number, bytes: number): BenchSet {
  const names = Array.from({ length: packages }, (_, index) => `grown-${index}`);
  return {
    name: `growth-${files}-${bytes}`,
    title: '',
    note: '',
    app: 'app.mjs',
    path: '/',
    variables: {},
    external: [],
    targets: [],
    copyInto(project) {
      const dependencies = Object.fromEntries(names.map(name => [name, `file:packages/${name}`]));
      const own = { name: 'grown', version: '1.0.0', dependencies };
      write(project, 'package.json', JSON.stringify(own));
      write(project, 'package-lock.json', JSON.stringify(lockfileOf(own, names)));
      write(project, 'app.mjs', appOf(names));
      for (const [index, name] of names.entries()) {
        const folder = join(project, 'packages', name);
        writePackage(folder, name, index * files, files / packages, bytes / packages);
      }
    },
  };
}

function lockfileOf(own: { name: string; version: string }, names: readonly string[]): object {
  const packages: Record<string, object> = { '': own };
  for (const name of names) {
    packages[`node_modules/${name}`] = { resolved: `packages/${name}`, link: true };
    packages[`packages/${name}`] = { name, version: '1.0.0' };
  }
  return { ...own, lockfileVersion: 3, requires: true, packages };
}

function appOf(names: readonly string[]): string {
  const imports = names.map((name, index) => `import p${index} from '${name}';`);
  const loaded = names.map((_, index) => `p${index}.loaded.length`).join(' + ');
  return `${imports.join('\n')}
export const createApp = () => (request, response) => response.end(String(${loaded}));
`;
}

/** package.json, index.js and the rest: `files` in all. */
function writePackage(folder: string, name: string, seed: number, files: number, bytes: number): void {
  const parts = Array.from({ length: files - 2 }, (_, index) => {
    const kind = kinds[index % kinds.length];
    return { kind, path: `./${kind}/part-${index}.${kind === 'types' ? 'd.ts' : 'js'}` };
  });
  const pathsOf = (wanted: (typeof kinds)[number]) =>
    parts.flatMap(({ kind, path }) => (kind === wanted ? [`require('${path}')`] : []));
  write(folder, 'package.json', JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  write(
    folder,
    'index.js',
    `exports.loaded = [${pathsOf('start').join(', ')}];
exports.later = [${pathsOf('later')
      .map(call => `() => ${call}`)
      .join(', ')}];
`,
  );
  for (const [index, { path }] of parts.entries())
    write(folder, path, codeOf(seed + index, bytes / parts.length));
}

/** A module of about `bytes` bytes of functions and text, no two alike, about as compressible as real code. */
function codeOf(seed: number, bytes: number): string {
  let random = seed + 1;
  const next = () => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
    return random;
  };
  const lines = ["'use strict';"];
  for (let length = 0, index = 0; length < bytes - 200; index++) {
    const [a, b] = [next(), next()];
    const [left, right] = [`${word(a >> 3)}A`, `${word(b >> 5)}B`];
    const line = `exports.${word(a)}${index} = function ${word(b)}(${left}, ${right}) { if (${left} > ${a % 997}) return '${word(a >> 7)} ${word(b >> 9)} ${b.toString(36)}'; return [${right}, ${b % 89}].map(item => item + ${a % 53}); };`;
    lines.push(line);
    length += line.length + 1;
  }
  return `${lines.join('\n')}\n`;
}

const words =
  'request response header status buffer stream option value result parse encode decode target source parent child index cursor filter handler'.split(
    ' ',
  );

function word(number: number): string {
  return words[number % words.length] ?? '';
}

function write(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}
