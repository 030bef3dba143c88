/** Writes the size report of the last build as a page for people. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanReport } from '../plan/report.ts';
import { formatHtml } from '../report/page/index.ts';
import { buildPlaces } from './places.ts';

/** Answers the absolute path of the page. The report must be there, as it is after a build. */
export function writePage(project: string): string {
  const places = buildPlaces(project);
  const report = JSON.parse(readFileSync(places.report, 'utf8')) as PlanReport;
  const path = join(places.folder, 'report.html');
  writeFileSync(`${path}.new`, formatHtml(report));
  renameSync(`${path}.new`, path);
  return path;
}
