// /docs and /redoc: the OpenAPI document as an index and as operations.
import { badge, colours, prose, textOf, title } from './operation.js';
import { $, api, h } from './page.js';

// The forms are fetched for /docs alone.
const { tryOut } = document.body.dataset.mode === 'try' ? await import('./try.js') : {};
const say = $('status');

start();

async function start() {
  try {
    const doc = await api;
    $('version').textContent = doc.info.version;
    draw(doc);
    say.textContent = '';
    say.hidden = true;
    openLinked();
    window.addEventListener('hashchange', openLinked);
  } catch {
    say.textContent = 'The description of the API cannot be read.';
    say.className = 'bad';
  }
}

function draw(doc) {
  for (const tag of doc.tags) {
    const operations = Object.entries(doc.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags.includes(tag.name))
        .map(([method, operation]) => ({ path, method, operation })),
    );
    $('operations').append(
      h(
        'section',
        { 'aria-labelledby': tag.name },
        h('h2', { id: tag.name }, tag.name, ' ', h('small', {}, tag.description)),
        ...operations.map(({ path, method, operation }) =>
          tryOut ? tryOut(path, method, operation) : article(doc, path, method, operation),
        ),
      ),
    );
    $('index').append(
      h(
        'section',
        {},
        h('h2', {}, h('a', { href: `#${tag.name}` }, tag.name)),
        h(
          'ul',
          {},
          operations.map(({ path, method, operation }) =>
            h(
              'li',
              {},
              h(
                'a',
                { href: `#${operation.operationId}`, title: operation.summary },
                badge(method),
                h('span', {}, path),
              ),
            ),
          ),
        ),
      ),
    );
  }
}

// An address with the name of an operation leads to it, opened.
function openLinked() {
  const node = $(decodeURIComponent(location.hash.slice(1)));
  if (!node) return;
  if (node.tagName === 'DETAILS') node.open = true;
  node.scrollIntoView();
}

$('search').addEventListener('input', event => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hides = text => !words.every(word => text.toLowerCase().includes(word));
  for (const node of document.querySelectorAll('.operation')) node.hidden = hides(node.dataset.text);
  for (const link of document.querySelectorAll('#index li a'))
    link.parentElement.hidden = hides(`${link.textContent} ${link.title}`);
  for (const section of document.querySelectorAll('#operations > section, #index > section')) {
    section.hidden = ![...section.querySelectorAll('.operation, li')].some(node => !node.hidden);
  }
  say.hidden = [...document.querySelectorAll('.operation')].some(node => !node.hidden);
  say.textContent = say.hidden ? '' : 'No operation has these words.';
});

// ---- /redoc

function article(doc, path, method, operation) {
  const body = operation.requestBody?.content['application/json'].schema;
  const rows = (operation.parameters || []).map(parameter => [
    parameter.name,
    parameter.schema,
    parameter.description,
    parameter.required,
  ]);
  const fields = body
    ? Object.entries(body.properties).map(([name, schema]) => [
        name,
        schema,
        schema.description,
        (body.required || []).includes(name),
      ])
    : [];
  return h(
    'article',
    { id: operation.operationId, class: 'operation', 'data-text': textOf(path, method, operation) },
    h('h3', {}, ...title(path, method, operation)),
    rows.length ? table('Parameters', rows) : '',
    fields.length ? table('JSON body', fields) : '',
    h('h4', {}, 'Answers'),
    ...Object.entries(operation.responses).map(([status, response]) => answer(doc, status, response)),
  );
}

function table(caption, rows) {
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('h4', {}, caption),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...['Name', 'Type', 'Default', 'Meaning'].map(text => h('th', { scope: 'col' }, text))),
      ),
      h(
        'tbody',
        {},
        ...rows.map(([name, schema, description, required]) =>
          h(
            'tr',
            {},
            h('td', {}, name),
            h('td', {}, typeOf(schema)),
            h(
              'td',
              {},
              required ? 'required' : schema.default === undefined ? '' : JSON.stringify(schema.default),
            ),
            h('td', {}, ...prose(description)),
          ),
        ),
      ),
    ),
  );
}

function typeOf(schema) {
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  const bounds = schema.type === 'integer' && schema.minimum > -1e9 ? ` ≥ ${schema.minimum}` : '';
  return (schema.type || 'any') + bounds;
}

function answer(doc, status, given) {
  const response = given.$ref ? doc.components.responses[given.$ref.split('/').pop()] : given;
  const types = Object.entries(response.content || {}).filter(
    ([type]) => status === '200' || type === 'application/json',
  );
  return h(
    'details',
    {},
    h('summary', {}, h('code', { class: status < 400 ? 'good' : 'bad' }, status), ` ${response.description}`),
    ...types.flatMap(([type, { schema, example }]) => [
      h('h4', {}, type),
      type === 'application/json'
        ? h('pre', { tabindex: '0', 'aria-label': 'Shape' }, shape(doc, schema, '  ', 0))
        : '',
      h(
        'pre',
        { tabindex: '0', class: 'example', 'aria-label': 'Example' },
        ...colours(
          typeof example === 'string' ? example : JSON.stringify(example, null, 2),
          typeof example !== 'string',
        ),
      ),
    ]),
  );
}

function shape(doc, schema, indent, depth) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return depth > 3 ? name : shape(doc, doc.components.schemas[name], indent, depth + 1);
  }
  if (schema.anyOf) return schema.anyOf.map(each => shape(doc, each, indent, depth)).join(' | ');
  if (schema.type === 'array') return `[ ${shape(doc, schema.items, indent, depth)} ]`;
  if (schema.properties) {
    const required = schema.required || [];
    return (
      '{\n' +
      Object.entries(schema.properties)
        .map(
          ([name, value]) =>
            indent +
            name +
            (required.includes(name) ? '' : '?') +
            ': ' +
            shape(doc, value, `${indent}  `, depth),
        )
        .join('\n') +
      '\n' +
      indent.slice(2) +
      '}'
    );
  }
  if (schema.additionalProperties)
    return `{ any name: ${shape(doc, schema.additionalProperties, indent, depth)} }`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return schema.enum
    ? schema.enum.map(value => JSON.stringify(value)).join(' | ')
    : String(schema.type || 'any');
}
