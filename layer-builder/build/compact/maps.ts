/** Pure: source maps (ECMA-426) of pieces of code put together and moved. */

export interface SourceMap {
  readonly version: number;
  readonly sources: string[];
  readonly sourcesContent?: string[];
  readonly names: string[];
  readonly mappings: string;
}

/** Generated line and column, then source, original line, original column, name; all from zero. */
type Segment = readonly [line: number, column: number, ...origin: number[]];

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const valueOfDigit = new Map([...digits].map((digit, index) => [digit, index]));

/** The map of code that was wrapped in a function in parentheses, whose head is a line of its own, and left them. */
export function withoutFirstLine(map: SourceMap, file: string, text: string): SourceMap {
  const segments = decode(map.mappings).flatMap(([line, column, ...origin]): Segment[] => {
    const [source = 0, sourceLine = 0, ...rest] = origin;
    if (sourceLine === 0) return [];
    return [[line, line === 0 ? column - 1 : column, ...[source, sourceLine - 1, ...rest]]];
  });
  return {
    version: 3,
    sources: [file],
    sourcesContent: [text],
    names: map.names,
    mappings: encode(segments),
  };
}

/** One map for a file that holds several pieces, each with its own map and place. */
export function joinMaps(
  pieces: readonly { readonly map: SourceMap; readonly line: number; readonly column: number }[],
): SourceMap {
  const sources: string[] = [];
  const sourcesContent: string[] = [];
  const names: string[] = [];
  const segments: Segment[] = [];
  for (const { map, line, column } of pieces) {
    for (const [own, at, source, sourceLine, sourceColumn, name] of decode(map.mappings)) {
      const origin =
        source === undefined ? [] : [source + sources.length, sourceLine ?? 0, sourceColumn ?? 0];
      const named = name === undefined ? [] : [name + names.length];
      segments.push([own + line, own === 0 ? at + column : at, ...[...origin, ...named]]);
    }
    sources.push(...map.sources);
    sourcesContent.push(...map.sources.map((_, index) => map.sourcesContent?.[index] ?? ''));
    names.push(...map.names);
  }
  return { version: 3, sources, sourcesContent, names, mappings: encode(segments) };
}

/** The map of a text in which pieces were replaced by longer or shorter ones; none holds a line feed. */
export function shiftMap(
  map: SourceMap,
  edits: readonly { readonly line: number; readonly column: number; readonly by: number }[],
): SourceMap {
  const segments = decode(map.mappings).map(([line, column, ...rest]): Segment => {
    const passed = edits.filter(edit => edit.line === line && edit.column < column);
    return [line, column + passed.reduce((sum, edit) => sum + edit.by, 0), ...rest];
  });
  return { ...map, mappings: encode(segments) };
}

function decode(mappings: string): Segment[] {
  const state = [0, 0, 0, 0];
  return mappings.split(';').flatMap((group, line) => {
    let column = 0;
    return group
      .split(',')
      .filter(text => text !== '')
      .map((text): Segment => {
        const [first = 0, ...rest] = numbersOf(text);
        column += first;
        for (const [index, value] of rest.entries()) state[index] = (state[index] ?? 0) + value;
        return [line, column, ...state.slice(0, rest.length)];
      });
  });
}

function encode(segments: readonly Segment[]): string {
  const state = [0, 0, 0, 0];
  const lines: string[][] = [];
  let [last, column] = [-1, 0];
  for (const [line, at, ...rest] of segments) {
    if (line !== last) column = 0;
    while (lines.length <= line) lines.push([]);
    const values = [at - column, ...rest.map((value, index) => value - (state[index] ?? 0))];
    for (const [index, value] of rest.entries()) state[index] = value;
    lines[line]?.push(values.map(textOf).join(''));
    [last, column] = [line, at];
  }
  return lines.map(line => line.join()).join(';');
}

/** Base64 digits of five bits and a bit for "more follows"; the lowest bit of a number is its sign. */
function numbersOf(text: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of text) {
    const bits = valueOfDigit.get(digit) ?? 0;
    value += (bits & 31) * 2 ** shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function textOf(number: number): string {
  let rest = number < 0 ? -number * 2 + 1 : number * 2;
  let text = '';
  do {
    const bits = rest % 32;
    rest = Math.floor(rest / 32);
    text += digits[rest > 0 ? bits + 32 : bits] ?? '';
  } while (rest > 0);
  return text;
}
