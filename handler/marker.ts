/** Reads the marker of an unpacked artifact or of a mounted layer. */
import { readFileSync } from 'node:fs';
import { markerPath } from '../artifact/layout.ts';
import type { MarkerFacts } from './choose.ts';

/** Null when there is none, or something that is no marker; whoever asks treats both alike. */
export function readMarker(root: string, name: string): MarkerFacts | null {
  try {
    return parseMarker(readFileSync(`${root}/${markerPath(name)}`, 'utf8'));
  } catch {
    return null;
  }
}

/** Null when the text is no marker of a known format. */
export function parseMarker(text: string): MarkerFacts | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const marker = value as Record<string, unknown>;
  if (marker['formatVersion'] !== 1) return null;
  for (const field of ['name', 'tree', 'runtime', 'architecture']) {
    const fact = marker[field];
    if (typeof fact !== 'string' || !/^[\x20-\x7e]{1,100}$/.test(fact)) return null;
  }
  const { name, tree, runtime, architecture } = value as MarkerFacts;
  return { name, tree, runtime, architecture };
}
