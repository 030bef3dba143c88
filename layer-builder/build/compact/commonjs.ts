/**
 * Reads CommonJS modules for a bundle: each becomes a function of its own, as Node itself makes one of each file, so
 * strict code stays strict and sloppy code sloppy (rolldown drops the directives of the modules it wraps).
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { FormatMemory } from './format.ts';
import { formatOf } from './format.ts';
import type { HazardMemory, ModuleFormat } from './hazards.ts';
import { hazardsOf } from './hazards.ts';
import { compactJson } from './json.ts';
import type { SourceMap } from './maps.ts';
import { withoutFirstLine } from './maps.ts';
import { asciiOf } from './names.ts';
import { textOf } from './texts.ts';
import { withoutUnderstood } from './understood.ts';

/** A module on its own, before anything is decided about what it requires. */
export interface ReadModule {
  readonly file: string;
  readonly format: ModuleFormat;
  /** An expression: the function `function (exports, require, module) { … }`. */
  readonly code: string;
  /** Sources of `require('…')`, in order. */
  readonly requires: readonly string[];
  /** Sources of `import('…')`. */
  readonly imports: readonly string[];
  readonly hazard: string | undefined;
  /** Asked for only: maps `code` to the file. */
  readonly map: SourceMap | undefined;
}

/** Modules read before: rounds of one build read the same ones again. */
export type ModuleMemory = Map<string, ReadModule>;

/** In Node's own order, for those that look at `arguments`. A line of its own, so that the code keeps its columns. */
const head = '(function(exports,require,module){\n';

export async function moduleReader(
  memory: ModuleMemory,
  formats: FormatMemory,
  hazards: HazardMemory,
  withMaps: boolean,
): Promise<(file: string) => ReadModule> {
  const { minifySync } = await import('rolldown/utils');
  const minify = (file: string, text: string, mangle: boolean, sourcemap: boolean) => {
    const { code, errors, map } = minifySync(file, `${head}${text.replace(/^#!/, '//')}\n})`, {
      compress: false,
      mangle: mangle && { keepNames: true },
      // The sources of what is required are read from the plain text, so nothing in it is escaped.
      codegen: { removeWhitespace: true, asciiOnly: mangle },
      sourcemap,
    });
    return { code: code.trimEnd().replace(/;$/, ''), error: errors[0]?.message, map };
  };
  const read = (file: string): ReadModule => {
    const format = formatOf(file, formats);
    const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    if (format === 'json') return readJson(file, text);
    // Once with the names as they are: what is required can be read from code without comments.
    const plain = minify(file, text, false, false);
    if (plain.error !== undefined)
      return { ...emptyModule(file, format), hazard: `it does not parse: ${plain.error}` };
    const asks: ReadModule = {
      ...emptyModule(file, format),
      requires: sourcesOf(plain.code, /\brequire(?:\?\.)?\((["'`])((?:(?!\1)[^\\\n]|\\[\s\S])*)\1[,)]/g),
      imports: sourcesOf(plain.code, /\bimport\((["'`])((?:(?!\1)[^\\\n]|\\[\s\S])*)\1[,)]/g),
    };
    const body = plain.code.slice(head.trimEnd().length);
    const [hazard] = withoutUnderstood(hazardsOf(file, text, format, hazards, body), file);
    if (hazard !== undefined) return { ...asks, hazard: `${basename(file)}: ${hazard.reason}` };
    // And renamed: Node's lexer would take `exports.name=` inside for a name of the whole file.
    const { code, map } = minify(file, text, true, withMaps);
    return {
      ...asks,
      // Without the parentheses: those tell V8 to compile at once.
      code: code.slice(1, -1),
      map: map && withoutFirstLine(map, file, text),
    };
  };
  return file => {
    const known = memory.get(file) ?? read(file);
    memory.set(file, known);
    return known;
  };
}

export function emptyModule(file: string, format: ModuleFormat): ReadModule {
  return { file, format, code: '', requires: [], imports: [], hazard: undefined, map: undefined };
}

function readJson(file: string, text: string): ReadModule {
  try {
    const literal = asciiOf(compactJson(text));
    // In an object literal `__proto__` would mean something else than in JSON.
    const value = /__proto__|\\u00[5-7]/i.test(literal) ? `JSON.parse(${JSON.stringify(literal)})` : literal;
    return { ...emptyModule(file, 'json'), code: `(exports,require,module)=>{module.exports=${value}}` };
  } catch {
    return { ...emptyModule(file, 'json'), hazard: `${basename(file)} is not valid JSON` };
  }
}

/** The minified code has no comments, and its texts hold no `require(…)` worth telling apart: one too many does no harm. */
function sourcesOf(code: string, pattern: RegExp): string[] {
  const found = [...code.matchAll(pattern)].map(([, quote, source = '']) => ({ quote, source }));
  return [
    ...new Set(
      found
        .filter(({ quote, source }) => quote !== '`' || !source.includes('${'))
        .map(item => textOf(item.source)),
    ),
  ];
}
