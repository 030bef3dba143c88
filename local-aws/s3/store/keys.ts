/** Keys in S3's order, the order of their UTF-8 bytes, with binary search. */

/** Compares as the UTF-8 bytes would, without encoding: only surrogates sort differently in UTF-16. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Index of the first key for which `isBefore` is false; `isBefore` must be true up to some point, then false. */
export function findIndex(keys: readonly string[], isBefore: (key: string) => boolean, from = 0): number {
  let low = from;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(keys[middle] as string)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds a key to a sorted array in place, once. */
export function insertKey(keys: string[], key: string): void {
  const index = findIndex(keys, each => compareKeys(each, key) < 0);
  if (keys[index] !== key) keys.splice(index, 0, key);
}

/** Removes a key from a sorted array in place, if it is there. */
export function deleteKey(keys: string[], key: string): void {
  const index = findIndex(keys, each => compareKeys(each, key) < 0);
  if (keys[index] === key) keys.splice(index, 1);
}
