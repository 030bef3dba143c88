// What the pages share: nodes, the key, copying, figures.

export const $ = id => document.getElementById(id);

// Text only ever becomes text: nothing of an answer is read as HTML.
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(child => child !== undefined && child !== ''));
  return node;
}

// ---- the key: in this tab until it is closed, so that it need not be typed on every page

export const api = fetch('openapi.json').then(response => response.json());
const keyHeader = api.then(
  ({ components }) => components.securitySchemes.header.name,
  () => 'x-api-key',
);
export const keyField = $('key');

if (keyField) {
  keyField.value = sessionStorage.getItem('key') || '';
  if (keyField.value) checkKey();
  keyField.addEventListener('change', () => {
    sessionStorage.setItem('key', keyField.value);
    checkKey();
  });
}

export async function keyHeaders() {
  return keyField?.value ? { [await keyHeader]: keyField.value } : {};
}

// What the key is for is asked of the service itself, so a typing error is seen at once.
async function checkKey() {
  const state = $('key-state');
  state.textContent = '';
  state.className = '';
  if (!keyField.value) return;
  const response = await fetch('info/version', { headers: await keyHeaders() }).catch(() => undefined);
  if (!response) return;
  // A body that nobody reads keeps its connection.
  await response.text();
  state.textContent = response.ok
    ? 'Accepted'
    : response.status === 401
      ? 'Not accepted'
      : `HTTP ${response.status}`;
  state.className = response.ok ? 'good' : 'bad';
}

// ---- small things

export async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'No access to the clipboard';
  }
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

export function number(n) {
  return n.toLocaleString('en');
}

export function bytes(n) {
  return n >= 1048576
    ? `${(n / 1048576).toFixed(1)} MB`
    : n >= 1024
      ? `${(n / 1024).toFixed(1)} KB`
      : `${n} B`;
}

// One sentence from any error of the API.
export function reasonOf(status, answer) {
  if (Array.isArray(answer.detail))
    return answer.detail.map(problem => `${problem.loc.slice(1).join('.')}: ${problem.msg}`).join('; ');
  return answer.detail || answer.message || `HTTP ${status}`;
}

export function curlOf(method, address, headers, body) {
  const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    'curl',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...Object.entries(headers).map(([name, value]) => `-H "${name}: ${value}"`),
    ...(body ? [`-d ${quoted(body)}`] : []),
    quoted(new URL(address, location.href).href),
  ].join(' ');
}
