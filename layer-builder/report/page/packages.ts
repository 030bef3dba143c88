/** Pure: the table of all packages; the script sorts and filters it, and it reads well without. */
import type { PlanPackage } from '../../plan/report.ts';
import { bytes, milliseconds } from '../table.ts';
import { escapeHtml } from './escape.ts';

/** Names shown of those that need a package. */
const shown = 3;

export function packagesTable(packages: readonly PlanPackage[]): string {
  const bySize = [...packages].sort((a, b) => b.inArtifact.size - a.inArtifact.size || b.size - a.size);
  return `<p class="filter" hidden><input type="search" placeholder="filter by name, form or reason" aria-label="filter packages"> <output></output></p>
<div class="scroll"><table class="packages"><thead><tr><th>package<th class="n">zipped<th class="n">unpacked<th class="n">files<th class="n">import<th class="n">installed<th class="n">pruned<th>form<th>needed by<tbody>
${bySize.map(row).join('\n')}
</table></div>`;
}

function row(item: PlanPackage): string {
  const { inArtifact, requiredBy, reason } = item;
  const figure = (value: number, text: string) =>
    `<td class="n" data-value="${value}">${value === 0 ? '–' : text}`;
  const more = requiredBy.length - shown;
  const askers = `${requiredBy.slice(0, shown).join(', ')}${more > 0 ? ` + ${more}` : ''}`;
  return `<tr><td>${escapeHtml(item.name)} <small>${escapeHtml(item.version)}</small>${figure(inArtifact.zipped, bytes(inArtifact.zipped))}${figure(inArtifact.size, bytes(inArtifact.size))}${figure(inArtifact.files, inArtifact.files.toLocaleString('en-US'))}${figure(item.ms, milliseconds(item.ms))}${figure(item.size + item.pruned.bytes, bytes(item.size + item.pruned.bytes))}${figure(item.pruned.bytes, bytes(item.pruned.bytes))}<td title="${escapeHtml(reason ?? '')}"><span class="pill ${item.form}">${item.form}</span><td title="${escapeHtml(requiredBy.join(', '))}">${escapeHtml(askers)}`;
}
