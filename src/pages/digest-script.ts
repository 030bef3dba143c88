/** The browser's side of /digest: shows a repository's files, takes what is unticked out, makes, copies and saves. */

export const digestScript = String.raw`'use strict';
const $ = id => document.getElementById(id);
const state = $('status');
let keyName = 'x-api-key';
let shown;

fetch('openapi.json').then(response => response.json()).then(api => { keyName = api.components.securitySchemes.header.name; }).catch(() => {});

$('choose').addEventListener('submit', async event => {
  event.preventDefault();
  const repository = parseRepository($('repository').value);
  if (!repository) return say('Write the repository as owner/name.', true);
  say('Reading the repository …');
  const response = await ask({ ...filters(repository), exclude: globs('exclude'), format: 'json', hide_file_contents: true });
  if (!response) return;
  shown = { repository, digest: await response.json() };
  drawTree(shown.digest.files);
  $('chosen').hidden = false;
  $('result').hidden = true;
  const { totals, repository: at } = shown.digest;
  say(totals.files + ' of ' + totals.total_files + ' files at commit ' + at.commit.slice(0, 12));
  $('files-title').scrollIntoView({ block: 'nearest' });
});

$('make').addEventListener('click', async () => {
  const left = unticked();
  const exclude = [...globs('exclude'), ...left];
  if (exclude.length > 100) return say('More than 100 exclusions: untick whole folders instead.', true);
  say('Making the digest …');
  const format = $('format').value;
  const response = await ask({ ...filters(shown.repository), exclude, format, max_tokens: Number($('tokens').value) || 0 });
  if (!response) return;
  const text = await response.text();
  $('output').value = text;
  $('result').hidden = false;
  const { owner, name } = shown.repository;
  const link = $('download');
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: response.headers.get('content-type') }));
  link.download = owner + '-' + name + '.' + { markdown: 'md', xml: 'xml', json: 'json', text: 'txt' }[format];
  say(text.length.toLocaleString('en') + ' characters, about ' + Math.ceil(text.length / 4).toLocaleString('en') + ' tokens');
  $('output').focus();
  $('output').setSelectionRange(0, 0);
  $('output').scrollTop = 0;
});

$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('output').value);
    say('Copied.');
  } catch {
    $('output').select();
    say('Marked: copy it with the keyboard.');
  }
});

function parseRepository(text) {
  const match = /^(?:https?:\/\/[^\/]+\/|git@[^:]+:)?([A-Za-z0-9_-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(text.trim());
  return match && { owner: match[1], name: match[2], ref: $('ref').value.trim() || 'main' };
}

function filters(repository) {
  return { ...repository, filter_starts_with: $('starts').value, filter_contains: $('contains').value, filter_ends_with: $('ends').value,
    include: globs('include'), max_file_size_bytes: Number($('size').value) || 0 };
}

function globs(id) {
  return $(id).value.split(',').map(glob => glob.trim()).filter(Boolean);
}

async function ask(request) {
  const headers = { 'content-type': 'application/json' };
  if ($('key').value) headers[keyName] = $('key').value;
  const buttons = document.querySelectorAll('button');
  for (const button of buttons) button.disabled = true;
  try {
    const response = await fetch('github-digest/markdown/filter', { method: 'POST', headers, body: JSON.stringify(request) });
    if (response.ok) return response;
    say(await reason(response), true);
  } catch {
    say('The service cannot be reached.', true);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function reason(response) {
  const answer = await response.json().catch(() => ({}));
  if (Array.isArray(answer.detail)) return answer.detail.map(problem => problem.loc.slice(1).join('.') + ': ' + problem.msg).join('; ');
  return answer.detail || answer.message || 'HTTP ' + response.status;
}

function say(text, bad) {
  state.textContent = text;
  state.className = bad ? 'bad' : '';
}

// ---- the tree

function drawTree(files) {
  const root = { folders: new Map(), files: [] };
  for (const file of files) {
    let at = root;
    for (const name of file.path.split('/').slice(0, -1)) {
      if (!at.folders.has(name)) at.folders.set(name, { folders: new Map(), files: [] });
      at = at.folders.get(name);
    }
    at.files.push(file);
  }
  $('tree').replaceChildren(list(root, '', 0));
  total();
}

function list(folder, prefix, depth) {
  const ul = document.createElement('ul');
  for (const [name, child] of folder.folders) {
    const path = prefix + name;
    const details = document.createElement('details');
    details.open = depth < 1;
    const summary = document.createElement('summary');
    const { size, tokens } = sum(child);
    summary.append(...ticked(path + '/', name + '/', size, tokens));
    details.append(summary);
    // Large repositories are drawn as they are opened.
    const fill = () => { if (details.open && !details.querySelector('ul')) { details.append(list(child, path + '/', depth + 1)); inherit(details); } };
    details.addEventListener('toggle', fill);
    fill();
    ul.append(item(details));
  }
  for (const file of folder.files) ul.append(item(...ticked(file.path, file.path.slice(prefix.length), file.size, file.tokens)));
  return ul;
}

function item(...children) {
  const li = document.createElement('li');
  li.append(...children);
  return li;
}

function ticked(path, name, size, tokens) {
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = true;
  box.dataset.path = path;
  box.id = 'file-' + path;
  box.addEventListener('change', () => {
    if (path.endsWith('/')) inherit(box.closest('details'));
    total();
  });
  const label = document.createElement('label');
  label.htmlFor = box.id;
  label.textContent = name;
  const facts = document.createElement('span');
  facts.className = 'size';
  facts.textContent = ' ' + bytes(size) + ', ' + tokens.toLocaleString('en') + ' tokens';
  return [box, label, facts];
}

// Whatever is in a folder follows the folder's box.
function inherit(details) {
  const box = details.querySelector(':scope > summary > input');
  for (const inner of details.querySelectorAll(':scope > ul input')) {
    inner.checked = box.checked;
    inner.disabled = !box.checked;
  }
}

// Paths without a tick, folders for all that is in them; the leading slash ties a glob to the root.
function unticked() {
  return [...$('tree').querySelectorAll('input')].filter(box => !box.checked && !box.disabled).map(box => '/' + box.dataset.path.replace(/\/$/, ''));
}

function total() {
  const left = unticked().map(path => path.slice(1));
  const files = shown.digest.files.filter(file => !left.some(path => file.path === path || file.path.startsWith(path + '/')));
  const tokens = files.reduce((all, file) => all + file.tokens, 0);
  $('totals').textContent = files.length.toLocaleString('en') + ' files, ' + bytes(files.reduce((all, file) => all + file.size, 0)) + ', about ' + tokens.toLocaleString('en') + ' tokens chosen';
}

function sum(folder) {
  const all = [...folder.files, ...[...folder.folders.values()].map(sum)];
  return { size: all.reduce((n, each) => n + each.size, 0), tokens: all.reduce((n, each) => n + each.tokens, 0) };
}

function bytes(n) {
  return n >= 1048576 ? (n / 1048576).toFixed(1) + ' MB' : n >= 1024 ? (n / 1024).toFixed(1) + ' KB' : n + ' B';
}
`;
