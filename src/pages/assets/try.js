// The part of /docs that calls the API: a form for each operation, the real answer, the same as curl.
import { colours, prose, textOf, title } from './operation.js';
import { bytes, copy, curlOf, h, keyHeaders, number, reasonOf } from './page.js';

export function tryOut(path, method, operation) {
  const id = operation.operationId;
  const details = h(
    'details',
    { class: 'operation', id, 'data-text': textOf(path, method, operation) },
    h('summary', {}, ...title(path, method, operation)),
  );
  // Forms are made when they are first seen: most of them never are.
  details.addEventListener('toggle', () => {
    if (details.open && !details.querySelector('form')) details.append(form(path, method, operation));
  });
  return details;
}

function form(path, method, operation) {
  const id = operation.operationId;
  const body = operation.requestBody?.content['application/json'].schema;
  const inputs = (operation.parameters || []).map(parameter => [parameter, input(id, parameter)]);
  const text = body && h('textarea', { id: `${id}-body`, rows: '12', spellcheck: 'false' });
  if (text)
    text.value = JSON.stringify(
      Object.fromEntries(Object.entries(body.properties).map(([name, schema]) => [name, first(schema)])),
      null,
      2,
    );
  const types = Object.keys(operation.responses['200']?.content || {});
  const accept =
    types.length > 1 && h('select', { id: `${id}-accept` }, ...types.map(type => h('option', {}, type)));
  const curl = h('button', { type: 'button', class: 'second' }, 'Copy curl');
  const output = h('div', { 'aria-live': 'polite' });
  const node = h(
    'form',
    {
      onsubmit: event => {
        event.preventDefault();
        send();
      },
    },
    h(
      'div',
      { class: 'fields' },
      ...inputs.map(([parameter, field]) =>
        h(
          'div',
          {},
          h('label', { for: field.id }, parameter.name),
          field,
          h('small', {}, ...prose(parameter.description)),
        ),
      ),
      accept
        ? h(
            'div',
            {},
            h('label', { for: accept.id }, 'Accept'),
            accept,
            h('small', {}, 'Format of the answer'),
          )
        : '',
    ),
    text ? h('div', {}, h('label', { for: text.id }, 'JSON body'), text) : '',
    h('p', { class: 'buttons' }, h('button', { type: 'submit' }, 'Send'), curl),
  );
  curl.addEventListener('click', async () => copy(curl, await asCurl(true)));
  return h('div', {}, node, output);

  function request() {
    const query = new URLSearchParams();
    const headers = {};
    if (accept) headers.accept = accept.value;
    if (text) headers['content-type'] = 'application/json';
    for (const [parameter, field] of inputs) {
      const isList = parameter.schema.type === 'array';
      const values = isList
        ? field.value
            .split(',')
            .map(part => part.trim())
            .filter(Boolean)
        : field.value === '' && !mayBeEmpty(parameter)
          ? []
          : [field.value];
      for (const value of values) {
        if (parameter.in === 'header') headers[parameter.name] = value;
        else query.append(parameter.name, value);
      }
    }
    return {
      address: path.slice(1) + (query.size ? `?${query}` : '') || './',
      headers,
      body: text ? text.value : undefined,
    };
  }

  // The key itself only goes to the clipboard of the person who asked for it.
  async function asCurl(withKey) {
    const { address, headers, body } = request();
    const key = Object.fromEntries(
      Object.entries(await keyHeaders()).map(([name, value]) => [name, withKey ? value : '$KEY']),
    );
    return curlOf(method.toUpperCase(), address, { ...key, ...headers }, body?.replace(/\s*\n\s*/g, ' '));
  }

  async function send() {
    const { address, headers, body } = request();
    output.replaceChildren(h('p', { class: 'quiet' }, 'Waiting …'));
    const start = performance.now();
    try {
      const response = await fetch(address, {
        method: method.toUpperCase(),
        headers: { ...(await keyHeaders()), ...headers },
        body,
      });
      const answer = await response.text();
      show(response, answer, performance.now() - start, await asCurl(false));
    } catch {
      output.replaceChildren(h('p', { class: 'bad' }, 'The service cannot be reached.'));
    }
  }

  function show(response, answer, ms, command) {
    const type = response.headers.get('content-type') || '';
    const isJson = type.includes('json');
    let object;
    if (isJson)
      try {
        object = JSON.parse(answer);
      } catch {}
    const shown = object === undefined ? answer : JSON.stringify(object, null, 2);
    const most = 200000;
    const copyAnswer = h(
      'button',
      { type: 'button', class: 'second', onclick: () => copy(copyAnswer, shown) },
      'Copy',
    );
    const blob = new Blob([answer], { type });
    const name =
      id +
      (isJson
        ? '.json'
        : type.includes('markdown')
          ? '.md'
          : type.includes('xml')
            ? '.xml'
            : type.includes('html')
              ? '.html'
              : '.txt');
    const save = h(
      'a',
      { class: 'button second', href: URL.createObjectURL(blob), download: name },
      'Download',
    );
    const wait = response.headers.get('retry-after');
    const reason =
      response.ok || response.status === 304
        ? ''
        : reasonOf(response.status, object || {}) + (wait ? ` · again in ${wait} s` : '');
    output.replaceChildren(
      h(
        'p',
        { class: 'facts' },
        h(
          'strong',
          { class: response.ok || response.status === 304 ? 'good' : 'bad' },
          `${response.status} ${response.statusText}`,
        ),
        ` · ${Math.round(ms)} ms · ${bytes(blob.size)}`,
      ),
      reason ? h('p', { class: 'bad' }, reason) : '',
      answer ? h('div', { class: 'buttons' }, copyAnswer, save) : '',
      answer
        ? h(
            'pre',
            { tabindex: '0', 'aria-label': 'Answer' },
            ...colours(shown.slice(0, most), object !== undefined && shown.length <= most),
            shown.length > most ? `\n… ${number(shown.length - most)} characters more: download them` : '',
          )
        : '',
      h(
        'details',
        {},
        h('summary', {}, 'Headers'),
        h('pre', { tabindex: '0' }, [...response.headers].map(pair => pair.join(': ')).join('\n')),
      ),
      h('details', {}, h('summary', {}, 'curl'), h('pre', { tabindex: '0', class: 'wrap' }, command)),
    );
  }
}

function first(schema) {
  if (schema.default !== undefined) return schema.default;
  return schema.enum ? schema.enum[0] : '';
}

// An empty text is a value of its own where the default is none: it clears the filter.
function mayBeEmpty({ schema }) {
  return schema.type === 'string' && !schema.enum && Boolean(schema.default) && !schema.pattern;
}

function input(id, { name, schema }) {
  const attributes = { id: `${id}-${name}`, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' };
  if (schema.enum || schema.type === 'boolean') {
    const values = schema.enum || ['true', 'false'];
    const node = h(
      'select',
      attributes,
      ...(schema.default === undefined ? [h('option', { value: '' }, '')] : []),
      ...values.map(value => h('option', {}, value)),
    );
    node.value = schema.default === undefined ? '' : String(schema.default);
    return node;
  }
  const example = (schema.examples || [])[0];
  const node = h('input', {
    ...attributes,
    inputmode: schema.type === 'integer' ? 'numeric' : undefined,
    placeholder:
      schema.type === 'array' ? `comma between${example ? `, as in ${example.join(', ')}` : ''}` : example,
  });
  if (schema.type !== 'array' && schema.default !== undefined) node.value = schema.default;
  return node;
}
