/** Pure: what could not be compacted, each cause once with those that it takes along. */
import type { PlanPackage } from '../../plan/report.ts';
import { bytes, count } from '../table.ts';
import { escapeHtml } from './escape.ts';

/** Written by the builder for what a package takes along. */
const along = /^(node_modules\/\S+) needs it and stays as it is/;

export function fallbackSection(packages: readonly PlanPackage[]): string {
  const fallen = packages.filter(item => item.form !== 'compacted');
  if (fallen.length === 0) return '<p>Every package is compacted and proved.</p>';
  const causes = fallen.filter(item => !along.test(item.reason ?? ''));
  const rows = causes.map(cause => {
    const taken = fallen.filter(item => along.exec(item.reason ?? '')?.[1] === cause.location);
    const size = [cause, ...taken].reduce((sum, item) => sum + item.inArtifact.size, 0);
    const names = taken.map(item => item.name).join(', ');
    const others =
      taken.length === 0
        ? ''
        : `<details><summary>and ${count(taken.length, 'package')} that it needs</summary>${escapeHtml(names)}</details>`;
    return `<tr><td><b>${escapeHtml(cause.name)}</b> <span class="pill ${cause.form}">${cause.form}</span>${others}<td>${escapeHtml(cause.reason ?? '')}<td class="n">${bytes(size)}`;
  });
  return `<h3>What fell back, and why</h3>
<p>${count(fallen.length, 'package')} of ${packages.length} not compacted, from ${count(causes.length, 'cause')}.</p>
<table><thead><tr><th>package<th>why<th class="n">unpacked, all together<tbody>
${rows.join('\n')}
</table>`;
}
