/**
 * Pure: one JSON file as a few changes to another. Two versions of a package often bring nearly the same table, such as
 * mime-db: the second costs a fifth of the zip of a small service, and nothing when it is made from the first.
 */
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../config/check.ts';
import { asciiOf } from './names.ts';

/** At this entry of the base: how many are left out, and what is put in. */
export type Edit = readonly [at: number, remove: number, add: Readonly<Record<string, unknown>>];

/** Share of the text above which changes are not worth it. */
const most = 0.25;

/** The changes that make `next` of `base`, entry by entry in their order; undefined when they are too many. */
export function planEdits(base: unknown, next: unknown): readonly Edit[] | undefined {
  // Names that look like numbers come first in every object, and `__proto__` is none.
  const isPlain = (value: unknown) =>
    isRecord(value) && !Object.keys(value).some(key => /^\d+$|^__proto__$/.test(key));
  if (!isPlain(base) || !isPlain(next)) return undefined;
  const [before, after] = [Object.entries(base as object), Object.entries(next as object)];
  const places = new Map(before.map(([key, value], at) => [`${key} ${JSON.stringify(value)}`, at]));
  const edits: Edit[] = [];
  let [at, add]: [number, Record<string, unknown>] = [0, {}];
  const flush = (to: number) => {
    if (to > at || Object.keys(add).length > 0) edits.push([at, to - at, add]);
    add = {};
  };
  for (const [key, value] of after) {
    const place = places.get(`${key} ${JSON.stringify(value)}`);
    if (place === undefined || place < at) add[key] = value;
    else {
      flush(place);
      at = place + 1;
    }
  }
  flush(before.length);
  const isWorth = JSON.stringify(edits).length < most * JSON.stringify(next).length;
  // Other objects may say what JSON cannot, or the order may be lost: what is not the very same is not used.
  return isWorth && isSame(applyEdits(base, edits), next) && isSame(JSON.parse(JSON.stringify(edits)), edits)
    ? edits
    : undefined;
}

/** In their order too, and `-0` is not `0`. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) && JSON.stringify(one) === JSON.stringify(other);
}

/** The two share what did not change. */
export function applyEdits(base: unknown, edits: readonly Edit[]): unknown {
  const entries = base as Record<string, unknown>;
  const keys = Object.keys(entries);
  const made: Record<string, unknown> = {};
  let next = 0;
  for (const [at, remove, add] of [...edits, [keys.length, 0, {}] as const]) {
    for (; next < at; next++) {
      const key = keys[next] ?? '';
      made[key] = entries[key];
    }
    next += remove;
    Object.assign(made, add);
  }
  return made;
}

/**
 * The text of a CommonJS module that does so; the base is the file that `base` leads to, read once more: whoever required
 * it before may have changed it since.
 */
export function amendText(edits: readonly Edit[]): string {
  // As a text it is parsed faster than as an object literal, and takes less of the compile cache.
  const text = asciiOf(JSON.stringify(JSON.stringify(edits)));
  return `function(exports,require,module){${runtime}const base=JSON.parse(require("fs").readFileSync(require.resolve("base"),"utf8"));module.exports=amend(base,JSON.parse(${text}))}`;
}

/** `applyEdits` for the artifact. */
const runtime = `const amend=(base,edits)=>{const keys=Object.keys(base),made={};let next=0;
for(const[at,remove,add]of[...edits,[keys.length,0,{}]]){
for(;next<at;next++)made[keys[next]]=base[keys[next]];
next+=remove;Object.assign(made,add)}
return made};
`.replaceAll('\n', '');
