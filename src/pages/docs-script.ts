/** The browser's side of /docs and /redoc: draws the OpenAPI document and, on /docs, calls the API from forms. */

export const docsScript = String.raw`'use strict';
const tries = document.body.dataset.mode === 'try';
const state = document.getElementById('status');

// Text only ever becomes text: nothing of an answer is read as HTML.
function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== undefined && child !== ''));
  return node;
}

start();

async function start() {
  try {
    const api = await (await fetch('openapi.json')).json();
    document.getElementById('version').textContent = api.info.version;
    const root = document.getElementById('operations');
    for (const tag of api.tags) {
      root.append(h('h2', { id: tag.name }, tag.name));
      for (const [path, methods] of Object.entries(api.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
          if (operation.tags.includes(tag.name)) root.append(tries ? tryOut(api, path, method, operation) : article(api, path, method, operation));
        }
      }
    }
    state.textContent = '';
  } catch {
    state.textContent = 'The description of the API cannot be read.';
    state.className = 'bad';
  }
}

function title(path, method) {
  return [h('span', { class: 'method' }, method.toUpperCase()), h('span', { class: 'path' }, path)];
}

function isPublic(operation) {
  return Array.isArray(operation.security) && operation.security.length === 0;
}

// ---- /redoc

function article(api, path, method, operation) {
  const body = operation.requestBody && operation.requestBody.content['application/json'].schema;
  const rows = (operation.parameters || []).map(parameter => [parameter.name, parameter.schema, parameter.description, parameter.required]);
  const fields = body ? Object.entries(body.properties).map(([name, schema]) => [name, schema, schema.description, (body.required || []).includes(name)]) : [];
  return h('article', { id: operation.operationId },
    h('h3', {}, ...title(path, method)),
    h('p', {}, operation.summary, isPublic(operation) ? ' · no key needed' : ''),
    rows.length ? table('Query', rows) : '',
    fields.length ? table('JSON body', fields) : '',
    h('h3', {}, 'Answers'),
    ...Object.entries(operation.responses).map(([status, response]) => answer(api, status, response)));
}

function table(caption, rows) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, h('h3', {}, caption), h('table', {},
    h('thead', {}, h('tr', {}, ...['Name', 'Type', 'Default', 'Meaning'].map(text => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, ...rows.map(([name, schema, description, required]) => h('tr', {},
      h('td', {}, name),
      h('td', {}, typeOf(schema)),
      h('td', {}, required ? 'required' : schema.default === undefined ? '' : JSON.stringify(schema.default)),
      h('td', {}, ...prose(description)))))));
}

// Descriptions are Markdown; code is all they use of it.
function prose(text) {
  return (text || '').split('\x60').map((part, index) => index % 2 ? h('code', {}, part) : part);
}

function typeOf(schema) {
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.type === 'array') return 'list of ' + typeOf(schema.items);
  const bounds = schema.type === 'integer' && schema.minimum > -1e9 ? ' ≥ ' + schema.minimum : '';
  return (schema.type || 'any') + bounds;
}

function answer(api, status, given) {
  const response = given.$ref ? api.components.responses[given.$ref.split('/').pop()] : given;
  const types = Object.entries(response.content || {});
  const lines = types.filter(([type]) => status === '200' || type === 'application/json').map(([type, { schema }]) => type + '\n' + shape(api, schema, '  ', 0));
  return h('details', {}, h('summary', {}, h('code', {}, status), ' ' + response.description), lines.length ? h('pre', { tabindex: '0' }, lines.join('\n\n')) : '');
}

function shape(api, schema, indent, depth) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return depth > 3 ? name : shape(api, api.components.schemas[name], indent, depth + 1);
  }
  if (schema.anyOf) return schema.anyOf.map(each => shape(api, each, indent, depth)).join(' | ');
  if (schema.type === 'array') return '[ ' + shape(api, schema.items, indent, depth) + ' ]';
  if (schema.properties) {
    const required = schema.required || [];
    return '{\n' + Object.entries(schema.properties).map(([name, value]) =>
      indent + name + (required.includes(name) ? '' : '?') + ': ' + shape(api, value, indent + '  ', depth)).join('\n') + '\n' + indent.slice(2) + '}';
  }
  if (schema.additionalProperties) return '{ any name: ' + shape(api, schema.additionalProperties, indent, depth) + ' }';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return schema.enum ? schema.enum.map(value => JSON.stringify(value)).join(' | ') : String(schema.type || 'any');
}

// ---- /docs

function tryOut(api, path, method, operation) {
  const key = api.components.securitySchemes.header.name;
  const body = operation.requestBody && operation.requestBody.content['application/json'].schema;
  const id = operation.operationId;
  const inputs = (operation.parameters || []).map(parameter => [parameter, input(id, parameter)]);
  const text = body && h('textarea', { id: id + '-body', rows: '10', spellcheck: 'false' });
  if (text) text.value = JSON.stringify(Object.fromEntries(Object.entries(body.properties).map(([name, schema]) => [name, schema.default === undefined ? (schema.enum ? schema.enum[0] : '') : schema.default])), null, 2);
  const accept = Object.keys(operation.responses['200'].content);
  const choice = accept.length > 1 && h('select', { id: id + '-accept' }, ...accept.map(type => h('option', {}, type)));
  const output = h('div', { 'aria-live': 'polite' });
  const form = h('form', { onsubmit: event => { event.preventDefault(); send(); } },
    h('div', { class: 'fields' }, ...inputs.map(([parameter, node]) => h('div', {},
      h('label', { for: node.id }, parameter.name), node, h('small', {}, ...prose(parameter.description)))),
      choice ? h('div', {}, h('label', { for: choice.id }, 'Accept'), choice) : ''),
    text ? h('div', {}, h('label', { for: text.id }, 'JSON body'), text) : '',
    h('p', { class: 'buttons' }, h('button', { type: 'submit' }, 'Send')));
  return h('details', { class: 'operation', id }, h('summary', {}, ...title(path, method), ' ', h('span', { class: 'quiet' }, operation.summary, isPublic(operation) ? ' · no key needed' : '')), h('div', {}, form, output));

  async function send() {
    const query = new URLSearchParams();
    for (const [parameter, node] of inputs) {
      const values = parameter.schema.type === 'array' ? node.value.split(',').map(part => part.trim()).filter(Boolean) : node.value === '' && !mayBeEmpty(parameter) ? [] : [node.value];
      for (const value of values) query.append(parameter.name, value);
    }
    const relative = path.slice(1) + (query.size ? '?' + query : '');
    const headers = {};
    if (choice) headers.accept = choice.value;
    if (text) headers['content-type'] = 'application/json';
    const secret = document.getElementById('key').value;
    const shown = Object.entries(secret ? { [key]: '$KEY', ...headers } : headers);
    const curl = ['curl', ...(method === 'post' ? ['-X POST'] : []), ...shown.map(([name, value]) => '-H "' + name + ': ' + value + '"'), ...(text ? ["-d '" + text.value.replace(/\s*\n\s*/g, ' ').replaceAll("'", "'\\''") + "'"] : []), "'" + new URL(relative, location.href).href + "'"].join(' ');
    if (secret) headers[key] = secret;
    output.replaceChildren(h('p', {}, 'Waiting …'));
    const start = performance.now();
    try {
      const response = await fetch(relative, { method: method.toUpperCase(), headers, body: text ? text.value : undefined });
      const answer = await response.text();
      const facts = response.status + ' ' + response.statusText + ' · ' + Math.round(performance.now() - start) + ' ms · ' + answer.length.toLocaleString('en') + ' characters';
      output.replaceChildren(
        h('p', { class: response.ok ? '' : 'bad' }, facts),
        h('pre', { tabindex: '0', 'aria-label': 'Answer' }, pretty(answer, response.headers.get('content-type') || '')),
        h('details', {}, h('summary', {}, 'Headers'), h('pre', { tabindex: '0' }, [...response.headers].map(pair => pair.join(': ')).join('\n'))),
        h('details', {}, h('summary', {}, 'curl'), h('pre', { tabindex: '0' }, curl)));
    } catch {
      output.replaceChildren(h('p', { class: 'bad' }, 'The service cannot be reached.'));
    }
  }
}

// An empty text is a value of its own where the default is none: it clears the filter.
function mayBeEmpty({ schema }) {
  return schema.type === 'string' && !schema.enum && Boolean(schema.default) && !schema.pattern;
}

function input(id, { name, schema }) {
  const attributes = { id: id + '-' + name, autocomplete: 'off', spellcheck: 'false' };
  if (schema.enum || schema.type === 'boolean') {
    const values = schema.enum || ['true', 'false'];
    const node = h('select', attributes, ...(schema.default === undefined ? [h('option', { value: '' }, '')] : []), ...values.map(value => h('option', {}, value)));
    node.value = schema.default === undefined ? '' : String(schema.default);
    return node;
  }
  const node = h('input', { ...attributes, inputmode: schema.type === 'integer' ? 'numeric' : undefined, placeholder: schema.type === 'array' ? 'several: comma between' : undefined });
  if (schema.type !== 'array' && schema.default !== undefined) node.value = schema.default;
  return node;
}

function pretty(text, type) {
  const most = 200000;
  let shown = text;
  if (type.includes('json')) try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch {}
  return shown.length > most ? shown.slice(0, most) + '\n… ' + (shown.length - most) + ' characters more' : shown;
}
`;
