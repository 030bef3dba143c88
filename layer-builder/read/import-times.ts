/** What the last build measured while it proved its bundles: how long each import takes. */
import { readFileSync } from 'node:fs';
import type { Digest } from '../../artifact/digest.ts';
import { buildPlaces } from '../build/places.ts';
import type { PlanReport } from '../plan/report.ts';

/** Milliseconds by specifier, on the machine that built, each after those before it. */
export type ImportTimes = Readonly<Record<string, number>>;

/** By the digests of the artifacts in `.layer-builder/report.json`; nothing where there is no report that can be read. */
export function readImportTimes(project: string): ReadonlyMap<Digest, ImportTimes> {
  try {
    const { artifacts }: PlanReport = JSON.parse(readFileSync(buildPlaces(project).report, 'utf8'));
    return new Map(
      artifacts.map(({ digest, imports }) => [
        digest,
        Object.fromEntries(imports.map(({ specifier, ms }) => [specifier, Math.round(ms * 10) / 10])),
      ]),
    );
  } catch {
    return new Map();
  }
}
