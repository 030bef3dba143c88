// Draws what /api/world answers, and sends what a person does to /api/<action>. Every text goes in as a text node.
const colours = {
  choose: '#5b6572',
  connect: '#c9a227',
  firstByte: '#e07b39',
  download: '#c8553d',
  verify: '#7a5195',
  unpack: '#2a9d8f',
  resolve: '#5fa8d3',
  import: '#1f6feb',
  environment: '#a9b2be',
  request: '#4c9a52',
};
const byId = id => document.getElementById(id);
let path = '/';
/** True while an action is under way: whatever is drawn meanwhile waits with it. */
let busy = false;
/** What a person has typed or chosen and not sent yet, by the id of the control. */
const entered = new Map();
/** Request ids of the invocations that a person has opened. */
const opened = new Set();

await refresh();
drawLegend();
new EventSource('/api/events').onmessage = () => refresh();

async function refresh() {
  const answer = await fetch('/api/world');
  const world = await answer.json();
  if (!answer.ok) return say(world.error.message, true);
  path = world.path;
  byId('isolated').textContent = world.isolated;
  keepFocus(() => {
    byId('functions').replaceChildren(...world.functions.map(item => drawFunction(item, world.layers)));
    byId('objects').replaceChildren(...world.objects.map(drawObject));
    byId('layers').replaceChildren(...world.layers.map(drawLayer));
  });
  drawInvocations(world.invocations);
}

function drawFunction(item, layers) {
  const input = element('input', {
    value: path,
    'aria-label': `path to call on ${item.name}`,
    id: `path ${item.name}`,
  });
  const select = element('select', { 'aria-label': `layer of ${item.name}`, id: `layer ${item.name}` }, [
    element('option', { value: '' }, ['no layer']),
    ...layers.map(({ arn }) =>
      element('option', { value: arn, ...(item.layers.includes(arn) ? { selected: '' } : {}) }, [
        arn.split(':layer:')[1],
      ]),
    ),
  ]);
  const form = element('form', {}, [
    input,
    button('call', 'main', () => act('invoke', { function: item.name, path: input.value })),
    button('end environment', '', () => act('kill', { function: item.name })),
  ]);
  const layer = element('form', {}, [
    select,
    button('attach layer', '', () => act('layer', { function: item.name, arn: select.value })),
  ]);
  layer.addEventListener('submit', event => event.preventDefault());
  for (const control of [input, select]) {
    control.addEventListener('input', () => entered.set(control.id, control.value));
  }
  form.addEventListener('submit', event => {
    event.preventDefault();
    act('invoke', { function: item.name, path: input.value });
  });
  return element('article', { class: 'card' }, [
    element('h3', {}, [item.name]),
    element('dl', {}, [
      ...pair('source', item.mode),
      ...pair('version', `${item.version}, ${item.runtime}, ${item.memoryMb} MB`),
      ...pair('code', bytes(item.codeBytes)),
      ...pair('URL', item.url),
    ]),
    form,
    layer,
  ]);
}

function drawObject(item) {
  return element('tr', {}, [
    element('td', {}, [element('code', {}, [short(item.digest)])]),
    element('td', {}, [item.state === 'missing' ? '–' : bytes(item.bytes)]),
    element('td', { class: item.state === 'whole' ? '' : 'bad' }, [item.state]),
    element('td', {}, [item.usedBy.join(', ') || 'nobody']),
    element('td', {}, [
      ...(item.state === 'missing'
        ? []
        : [
            button('flip a bit', 'bad', () => act('corrupt', { key: item.key })),
            ' ',
            button('delete', 'bad', () => act('delete', { key: item.key })),
            ' ',
          ]),
      ...(item.state === 'whole' ? [] : [button('restore', '', () => act('restore', { key: item.key }))]),
    ]),
  ]);
}

function drawLayer(item) {
  return element('tr', {}, [
    element('td', {}, [item.arn.split(':layer:')[1]]),
    element('td', {}, [element('code', {}, [short(item.digest)])]),
    element('td', {}, [item.usedBy.join(', ') || 'nobody']),
  ]);
}

function drawInvocations(invocations) {
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
      ...item.troubles.map(text => element('span', { class: 'trouble' }, [text])),
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
    ['status', item.error ? `${item.status}, ${item.error}` : item.status],
    ['memory used', `${item.usedMb} MB`],
    ...phasesOf(item).map(([name, ms]) => [name, `${ms.toFixed(1)} ms`]),
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
  svg.setAttribute('aria-label', rows.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(', '));
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
    title.textContent = `${name}: ${ms.toFixed(1)} ms`;
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

function drawLegend() {
  byId('legend').replaceChildren(
    ...Object.entries(colours).map(([name, colour]) => {
      const square = element('i', {});
      square.style.background = colour;
      return element('li', {}, [square, name]);
    }),
  );
}

async function act(action, fields) {
  say(`${action} …`);
  setBusy(true);
  const answer = await fetch(`/api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  const result = await answer.json();
  if (action === 'layer') entered.delete(`layer ${fields.function}`);
  setBusy(false);
  if (!answer.ok) say(`${result.error.code}: ${result.error.message}`, true);
  else if (action === 'invoke') say(`${result.status}  ${result.body}`, result.status >= 500);
  else say(`${action}: done`);
  await refresh();
}

function setBusy(now) {
  busy = now;
  for (const one of document.querySelectorAll('button')) one.disabled = busy;
}

function say(text, bad = false) {
  byId('said').textContent = text;
  byId('said').className = bad ? 'bad' : '';
}

/** The cards are drawn anew after each call; who works by keyboard stays where he was. */
function keepFocus(draw) {
  const { id } = document.activeElement ?? {};
  draw();
  for (const [control, value] of entered) {
    const again = byId(control);
    if (again !== null) again.value = value;
  }
  if (id) byId(id)?.focus();
}

function pair(name, value) {
  return [element('dt', {}, [name]), element('dd', {}, [value])];
}

function button(text, kind, onClick) {
  const made = element('button', { type: 'button', class: kind }, [text]);
  made.disabled = busy;
  made.addEventListener('click', onClick);
  return made;
}

function element(name, attributes, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function bytes(count) {
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e3).toFixed(1)} kB`;
}

function short(digest) {
  return digest.slice(0, 'sha256:'.length + 12);
}
