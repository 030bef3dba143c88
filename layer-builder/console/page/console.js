// Draws what /api/world answers, and sends what a person does to /api/<action>.
import { button, byId, bytes, element, pair, row, setBusy, short } from './elements.js';
import { drawInvocations, drawLegend } from './invocations.js';

let path = '/';
const gone = 'Nobody answers here any more: "npm start" begins again, with what is stored.';
/** What the page says of each action. */
const did = {
  invoke: 'call',
  kill: 'end environment',
  corrupt: 'flip a bit',
  delete: 'delete',
  restore: 'restore',
  layer: 'attach layer',
};
/** What a person has typed or chosen and not sent yet, by the id of the control. */
const entered = new Map();

keepRoles();
drawLegend();
await refresh();
const events = new EventSource('/api/events');
events.onmessage = () => refresh();
events.onerror = () => say(gone, true);
// the browser asks again by itself
events.onopen = () => byId('said').textContent === gone && say('');

/** A narrow screen lays the tables out as something else, and a browser then forgets what they are. */
function keepRoles() {
  const roles = { table: 'table', thead: 'rowgroup', tbody: 'rowgroup', tr: 'row', th: 'columnheader' };
  for (const [name, role] of Object.entries(roles)) {
    for (const one of document.querySelectorAll(name)) one.setAttribute('role', role);
  }
}

async function refresh() {
  const { answer, data: world } = await ask('/api/world');
  if (!answer.ok) return say(world.error.message, true);
  path = world.path;
  byId('isolated').textContent = world.isolated;
  keepFocus(() => {
    byId('functions').replaceChildren(...world.functions.map(item => drawFunction(item, world.layers)));
    const first = world.objects.toSorted((a, b) => rank(a) - rank(b) || a.artifact.localeCompare(b.artifact));
    byId('objects').replaceChildren(...first.map(drawObject));
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
    button('call', item.name, 'main', () => act('invoke', { function: item.name, path: input.value })),
    button('end environment', `of ${item.name}`, '', () => act('kill', { function: item.name })),
  ]);
  const layer = element('form', {}, [
    select,
    button('attach layer', `to ${item.name}`, '', () =>
      act('layer', { function: item.name, arn: select.value }),
    ),
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
      ...pair('layers', item.layers.map(arn => arn.split(':layer:')[1]).join(', ') || 'none'),
      ...pair('URL', item.url),
    ]),
    form,
    layer,
  ]);
}

/** What functions pin comes first, then what can be put back. */
function rank({ artifact, restorable }) {
  return artifact === '' ? (restorable ? 1 : 2) : 0;
}

function drawObject(item) {
  const of = short(item.digest);
  const isThere = item.state !== 'missing';
  const breaks = [
    button('flip a bit', `of ${of}`, 'bad', () => act('corrupt', { key: item.key })),
    ' ',
    button('delete', of, 'bad', () => act('delete', { key: item.key })),
    ' ',
  ];
  const mends = [button('restore', of, '', () => act('restore', { key: item.key }))];
  // what could not be put back is not to be broken either
  const actions = item.restorable
    ? [...(isThere ? breaks : []), ...(item.state === 'whole' ? [] : mends)]
    : [element('span', { class: 'quiet' }, ['of an older build'])];
  return row([
    ['artifact', item.artifact || '–'],
    ['digest', element('code', {}, [of])],
    ['bytes', isThere ? bytes(item.bytes) : '–'],
    ['state', element('span', { class: item.state === 'whole' ? '' : 'bad' }, [item.state])],
    ['downloaded by', item.usedBy.join(', ') || 'nobody'],
    ['', ...actions],
  ]);
}

function drawLayer(item) {
  return row([
    ['version', item.arn.split(':layer:')[1]],
    ['digest', element('code', {}, [short(item.digest)])],
    ['attached to', item.usedBy.join(', ') || 'nobody'],
  ]);
}

async function act(action, fields) {
  const { id } = document.activeElement ?? {};
  say(`${did[action]} …`);
  setBusy(true);
  const { answer, data } = await ask(`/api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  if (action === 'layer') entered.delete(`layer ${fields.function}`);
  setBusy(false);
  await refresh();
  if (id) byId(id)?.focus();
  if (!answer.ok) say(`${data.error.code}: ${data.error.message}`, true);
  else if (action === 'invoke') say(`${data.status}  ${data.body}`, !(data.status < 500));
  else say(`${did[action]}: done`);
}

/** An answer, or an error like one when there is none. */
async function ask(url, options) {
  try {
    const answer = await fetch(url, options);
    return { answer, data: await answer.json() };
  } catch {
    return { answer: { ok: false }, data: { error: { code: 'NO_ANSWER', message: gone } } };
  }
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
