/** Pure: the first difference between what two ways of loading gave. */
import { isRecord } from '../../config/check.ts';

/** Path and kind of the first difference, or undefined when the shapes are the same. */
export function firstDifference(expected: unknown, found: unknown, at = 'exports'): string | undefined {
  if (!isRecord(expected) || !isRecord(found)) {
    return expected === found ? undefined : `${at} (expected ${show(expected)}, found ${show(found)})`;
  }
  for (const field of ['kind', 'name', 'length']) {
    if (expected[field] !== found[field]) {
      return `${field} of ${at} (expected ${show(expected[field])}, found ${show(found[field])})`;
    }
  }
  const [wanted, had] = [keysOf(expected), keysOf(found)];
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(had)])) {
    const place = `${at}.${key}`;
    if (!Object.hasOwn(had, key)) return `${place} is missing`;
    if (!Object.hasOwn(wanted, key)) return `${place} is new`;
    const difference = firstDifference(wanted[key], had[key], place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function keysOf(shape: Record<string, unknown>): Record<string, unknown> {
  return isRecord(shape['keys']) ? shape['keys'] : {};
}

function show(value: unknown): string {
  const text = isRecord(value) ? String(value['kind']) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
