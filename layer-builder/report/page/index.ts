/** Pure: the size report as one HTML page that needs nothing else. */
import type { PlanArtifact, PlanReport } from '../../plan/report.ts';
import { bytes, count, milliseconds } from '../table.ts';
import { escapeHtml } from './escape.ts';
import { fallbackSection } from './fallbacks.ts';
import { limitsSection, splitSection } from './limits.ts';
import { packagesTable } from './packages.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';
import { drawTreemap } from './tiles.ts';

export function formatHtml(report: PlanReport): string {
  const title = `${report.service} for ${report.runtime} on ${report.architecture}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`Artifacts of ${title}`)}</title>
<style>${pageStyle}</style>
<header><p class="kind">layer-builder size report</p><h1>${escapeHtml(title)}</h1></header>
<main>
${warningsSection(report.warnings)}
${report.artifacts.map(artifactSection).join('\n')}
${limitsSection(report.limits)}
${splitSection(report.split)}
${report.artifacts.map(packagesSection).join('\n')}
</main>
<script>${pageScript}</script>
</html>
`;
}

function warningsSection(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `<section class="warnings"><h2>Warnings</h2><ul>${warnings.map(text => `<li>${escapeHtml(text)}`).join('')}</ul></section>`;
}

function artifactSection(artifact: PlanArtifact): string {
  const { packages, imports } = artifact;
  const sum = (pick: (item: PlanArtifact['packages'][number]) => number) =>
    packages.reduce((total, item) => total + pick(item), 0);
  const installed = sum(item => item.size + item.pruned.bytes);
  const installedFiles = sum(item => item.files + item.pruned.files);
  const ms = imports.reduce((total, item) => total + item.ms, 0);
  const figures: [string, string, string][] = [
    ['zipped', bytes(artifact.size), ''],
    ['unpacked', bytes(artifact.unpackedSize), `of ${bytes(installed)} installed`],
    ['files', artifact.files.toLocaleString('en-US'), `of ${count(installedFiles, 'file')} installed`],
    ['packages', packages.length.toLocaleString('en-US'), `${artifact.roots.length} imported by the app`],
    ['import', milliseconds(ms), 'on the building machine'],
  ];
  const sizes = packages.map(item => ({
    label: item.name,
    value: item.inArtifact.size,
    note: bytes(item.inArtifact.size),
    kind: item.form,
    detail: `${item.name} ${item.version}, ${item.form}: ${bytes(item.inArtifact.size)} unpacked, ${bytes(item.inArtifact.zipped)} zipped`,
  }));
  const others = artifact.unpackedSize - sum(item => item.inArtifact.size);
  const ours = {
    label: 'compile cache, SBOM, licences',
    value: Math.max(0, others),
    note: bytes(others),
    kind: 'own' as const,
    detail: `compile cache, SBOM, licences and marker: ${bytes(others)}`,
  };
  const formOf = (specifier: string) =>
    packages.find(item => specifier === item.name || specifier.startsWith(`${item.name}/`))?.form ?? 'whole';
  const times = imports.map(item => ({
    label: item.specifier,
    value: item.ms,
    note: milliseconds(item.ms),
    kind: formOf(item.specifier),
    detail: `import of ${item.specifier}: ${milliseconds(item.ms)}, after those before it`,
  }));
  return `<section>
<h2>Artifact ${escapeHtml(artifact.name)} <span class="pill">${artifact.load}</span>${artifact.layer ? '' : ' <span class="pill">S3 only</span>'}</h2>
<p class="digest"><code>${artifact.digest}</code></p>
<dl class="figures">${figures.map(([name, value, of]) => `<div><dt>${name}<dd>${value}<small>${of}</small></div>`).join('')}</dl>
<h3>Bytes unpacked, by package</h3>
${drawTreemap([...sizes, ours], `Treemap of the bytes of ${artifact.name}`)}
<h3>Milliseconds of import, by what the app imports</h3>
${drawTreemap(times, `Treemap of the import times of ${artifact.name}`)}
<p class="legend"><span class="compacted">compacted: bundled</span><span class="traced">traced: the files that are reached</span><span class="whole">whole: all files</span><span class="own">what belongs to no package, and what is too small to see</span></p>
${fallbackSection(packages)}
</section>`;
}

function packagesSection({ name, packages }: PlanArtifact): string {
  return `<section><h2>Every package of ${escapeHtml(name)}</h2>
${packagesTable(packages)}
</section>`;
}
