/** Pure: how far each limit of AWS is, and what should lie where. */
import type { Limit } from '../../plan/report.ts';
import type { Split } from '../../plan/split.ts';
import { bytes, milliseconds } from '../table.ts';
import { escapeHtml } from './escape.ts';

export function limitsSection(limits: readonly Limit[]): string {
  const show = (value: number, unit: Limit['unit']) =>
    unit === 'bytes' ? bytes(value) : unit === 'ms' ? milliseconds(value) : String(value);
  const rows = limits.map(({ name, used, limit, unit, percent, state, note }) => {
    const word =
      state === 'ok' ? '' : ` <span class="pill ${state}">${state === 'near' ? 'near' : 'beyond'}</span>`;
    const hint = state === 'ok' || note === undefined ? '' : `<small>${escapeHtml(note)}</small>`;
    return `<tr class="${state}"><td>${escapeHtml(name)}${word}${hint}<td class="n">${show(used, unit)}<td class="n">${show(limit, unit)}<td class="n">${percent} %<td class="bar"><span><i style="width:${Math.min(100, percent)}%"></i></span>`;
  });
  return `<section><h2>Limits of AWS</h2>
<table class="limits"><thead><tr><th>limit<th class="n">used<th class="n">of<th class="n"><th>mark at 80 %<tbody>
${rows.join('\n')}
</table></section>`;
}

export function splitSection(split: Split): string {
  const title = split.isCurrent
    ? split.fits
      ? 'It fits as it is.'
      : 'It does not fit, and no split of it would.'
    : split.isOptional
      ? 'It fits as it is. With this split a start takes less:'
      : split.fits
        ? 'This split fits:'
        : 'This comes nearest to a split that fits:';
  const rows = split.parts.map(
    part =>
      `<tr><td>${part.place === 's3' ? 'S3 only' : part.place}<td>${part.place === 'function' ? 'the app itself' : `${escapeHtml(part.name)} (${part.load})`}<td class="n">${bytes(part.size)}<td class="n">${bytes(part.unpackedSize)}<td class="n">${part.place === 'function' ? '' : milliseconds(part.ms)}<td>${escapeHtml(part.packages.join(', '))}`,
  );
  const config = split.isCurrent
    ? ''
    : `<p>As configuration:</p><pre><code>${escapeHtml(`"artifacts": ${JSON.stringify(split.artifacts, null, 2)}`)}</code></pre>`;
  const notes = split.notes.map(note => `<li>${escapeHtml(note)}`).join('');
  return `<section><h2>What goes where</h2><p>${title}</p>
<table><thead><tr><th>where<th>artifact<th class="n">zipped<th class="n">unpacked<th class="n">import<th>packages of the app<tbody>
${rows.join('\n')}
</table>${config}${notes === '' ? '' : `<ul>${notes}</ul>`}</section>`;
}
