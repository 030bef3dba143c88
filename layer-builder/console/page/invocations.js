// The time of each invocation, phase by phase.
import { byId, element, pair, words } from './elements.js';

const colours = {
  environment: '#a9b2be',
  choose: '#5b6572',
  connect: '#c9a227',
  firstByte: '#e07b39',
  download: '#c8553d',
  verify: '#7a5195',
  unpack: '#2a9d8f',
  resolve: '#5fa8d3',
  import: '#1f6feb',
  request: '#4c9a52',
};
/** Request ids of the invocations that a person has opened. */
const opened = new Set();

export function drawInvocations(invocations) {
  const shown = invocations.slice(-40).reverse();
  const longest = Math.max(1, ...shown.map(totalOf));
  byId('axis').replaceChildren(
    ...[0, 0.5, 1].map(part => element('span', {}, [milliseconds(longest * part)])),
  );
  byId('invocations').replaceChildren(...shown.map(item => drawInvocation(item, longest)));
}

function drawInvocation(item, longest) {
  const source = Object.values(item.sources).join(', ');
  const failed = item.status !== 'success';
  const details = element('details', opened.has(item.requestId) ? { open: '' } : {}, [
    element('summary', {}, [
      element('span', { class: item.cold ? '' : 'quiet' }, [item.cold ? 'cold' : 'warm']),
      element('span', {}, [`${item.functionName}${source ? ` (${source})` : ''}`]),
      element('span', { class: failed ? 'number bad' : 'number' }, [milliseconds(totalOf(item))]),
      drawBar(item, longest),
      ...item.troubles.map(text =>
        element('span', { class: 'trouble' }, [text.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…')]),
      ),
    ]),
  ]);
  details.addEventListener('toggle', () => {
    if (!details.open) opened.delete(item.requestId);
    else fill(details, item);
  });
  if (details.open) fill(details, item);
  return element('li', {}, [details]);
}

/** What an opened invocation shows: each phase in figures, and what the function and the platform wrote. */
async function fill(details, item) {
  opened.add(item.requestId);
  if (details.childElementCount > 1) return;
  const facts = [
    ['at', new Date(item.at).toLocaleTimeString()],
    ['version', item.version],
    ['invocation', item.error ? `${item.status}, ${item.error}` : item.status],
    ['memory used', `${item.usedMb} MB`],
    ...phasesOf(item).map(([name, ms]) => [words(name), `${ms.toFixed(1)} ms`]),
  ];
  const log = element('pre', {}, ['…']);
  details.append(
    element(
      'dl',
      { class: 'facts' },
      facts.flatMap(([name, value]) => pair(name, value)),
    ),
    log,
  );
  const answer = await fetch(`/api/log/${item.requestId}`);
  log.textContent = answer.ok ? (await answer.json()).log.trim() : 'the log is gone';
}

/** Init phases first, what they do not explain before them, the request last. */
function phasesOf(item) {
  const parts = Object.entries(item.phases);
  const explained = parts.reduce((sum, [, ms]) => sum + ms, 0);
  // an environment that heals loads again inside a request, not in an init phase
  const [environment, request] =
    item.initMs === undefined ? [0, item.durationMs - explained] : [item.initMs - explained, item.durationMs];
  return [['environment', environment], ...parts, ['request', request]].filter(([, ms]) => ms > 0);
}

function drawBar(item, longest) {
  const rows = phasesOf(item);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 1000 18');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', rows.map(([name, ms]) => `${words(name)} ${ms.toFixed(1)} ms`).join(', '));
  let at = 0;
  for (const [name, ms] of rows) {
    const rect = document.createElementNS(svg.namespaceURI, 'rect');
    const width = (ms / longest) * 1000;
    rect.setAttribute('x', String(at));
    rect.setAttribute('y', '2');
    rect.setAttribute('width', String(Math.max(width, 1)));
    rect.setAttribute('height', '14');
    rect.setAttribute('fill', colours[name.split(' ').at(-1)] ?? '#999');
    const title = document.createElementNS(svg.namespaceURI, 'title');
    title.textContent = `${words(name)}: ${ms.toFixed(1)} ms`;
    rect.append(title);
    svg.append(rect);
    at += width;
  }
  return svg;
}

function milliseconds(ms) {
  return `${ms.toFixed(ms > 0 && ms < 10 ? 1 : 0)} ms`;
}

function totalOf(item) {
  return (item.initMs ?? 0) + item.durationMs;
}

export function drawLegend() {
  byId('legend').replaceChildren(
    ...Object.entries(colours).map(([name, colour]) => {
      const square = element('i', {});
      square.style.background = colour;
      return element('li', {}, [square, words(name)]);
    }),
  );
}
