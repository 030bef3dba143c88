// /digest: shows a repository's files, takes what is unticked out, makes, copies and saves.
import { $, copy, curlOf, h, keyField, keyHeaders, number, reasonOf } from './page.js';
import { drawTree, isNothingChosen, narrow, searchTree, tickAll } from './tree.js';

const state = $('status');
// Of the repository that is shown: where it is, its digest without texts, the full text of the last digest made.
let shown;
let made;
let busy = false;
// Characters of a digest that a text field still shows without trouble.
const mostShown = 500000;

const presets = {
  code: { exclude: '*.md, *.lock, *-lock.json, *.svg, *.min.js, docs, LICENSE' },
  docs: { include: '*.md, *.rst, *.txt, docs/**' },
  'no-tests': { exclude: 'test, tests, __tests__, *.test.*, *_test.*, test_*.py' },
};

for (const button of document.querySelectorAll('[data-preset]')) {
  button.addEventListener('click', () => {
    const { include = '', exclude = '' } = presets[button.dataset.preset] || {};
    $('include').value = include;
    $('exclude').value = exclude;
    $('choose').requestSubmit();
  });
}

$('choose').addEventListener('submit', async event => {
  event.preventDefault();
  const repository = parseRepository($('repository').value);
  if (!repository) return say('Write the repository as owner/name.', true);
  if (repository.found) $('ref').value = repository.found;
  const request = { ...filters(repository), exclude: globs('exclude') };
  const response = await ask(
    { ...request, format: 'json', hide_file_contents: true },
    'Reading the repository …',
  );
  if (!response) return;
  shown = { owner: repository.owner, name: repository.name, request, digest: await response.json() };
  $('search').value = '';
  drawTree(shown.digest.files);
  drawNotes(shown.digest);
  $('chosen').hidden = false;
  $('result').hidden = true;
  history.replaceState(
    null,
    '',
    `#${repository.owner}/${repository.name}${$('ref').value ? `@${$('ref').value}` : ''}`,
  );
  const { totals, repository: at } = shown.digest;
  say(`${number(totals.files)} of ${number(totals.total_files)} files at commit ${at.commit.slice(0, 12)}`);
  $('chosen').scrollIntoView({ block: 'nearest' });
});

$('make').addEventListener('click', async () => {
  if (isNothingChosen()) return say('Nothing is chosen.', true);
  const narrowed = narrow(shown.request);
  if (!narrowed) return say('Too many single files: choose whole folders, or use the filters.', true);
  const format = $('format').value;
  const request = { ...shown.request, ...narrowed, format, max_tokens: Number($('tokens').value) || 0 };
  const response = await ask(request, 'Making the digest …');
  if (!response) return;
  const text = await response.text();
  made = { text, request };
  $('output').value =
    text.length > mostShown
      ? `${text.slice(0, mostShown)}\n… the rest is in what you copy or download`
      : text;
  $('result').hidden = false;
  const link = $('download');
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: response.headers.get('content-type') }));
  link.download = `${shown.owner}-${shown.name}.${{ markdown: 'md', xml: 'xml', json: 'json', text: 'txt' }[format]}`;
  say(`${number(text.length)} characters, about ${number(Math.ceil(text.length / 4))} tokens`);
  $('output').focus();
  $('output').setSelectionRange(0, 0);
  $('output').scrollTop = 0;
});

$('copy').addEventListener('click', event => copy(event.target, made.text));

$('curl').addEventListener('click', async event => {
  const headers = { ...(await keyHeaders()), 'content-type': 'application/json' };
  copy(event.target, curlOf('POST', 'github-digest/markdown/filter', headers, JSON.stringify(made.request)));
});

for (const [id, ticked] of [
  ['all', true],
  ['none', false],
])
  $(id).addEventListener('click', () => tickAll(ticked));

$('search').addEventListener('input', () => searchTree($('search').value));

// An address shows the repository that it names: /digest#owner/name@ref
if (location.hash) {
  const [repository, ref = ''] = decodeURIComponent(location.hash.slice(1)).split('@');
  $('repository').value = repository;
  $('ref').value = ref;
  if (keyField.value) $('choose').requestSubmit();
}

// owner/name, or the address of a repository or of one of its branches.
function parseRepository(text) {
  const match =
    /^(?:https?:\/\/[^/]+\/|git@[^:]+:)?([A-Za-z0-9_-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?(?:\/tree\/([^?#]+?))?\/?$/.exec(
      text.trim(),
    );
  return match && { owner: match[1], name: match[2], found: match[3] };
}

function filters({ owner, name }) {
  return {
    owner,
    name,
    ref: $('ref').value.trim() || 'HEAD',
    filter_starts_with: $('starts').value,
    filter_contains: $('contains').value,
    filter_ends_with: $('ends').value,
    include: globs('include'),
    max_file_size_bytes: Number($('size').value) || 0,
  };
}

function globs(id) {
  return $(id)
    .value.split(',')
    .map(glob => glob.trim())
    .filter(Boolean);
}

// Buttons keep the focus while the service works, so they are not disabled: a second press does nothing.
async function ask(request, words) {
  if (busy) return;
  busy = true;
  document.body.setAttribute('aria-busy', 'true');
  say(words);
  try {
    const headers = { ...(await keyHeaders()), 'content-type': 'application/json' };
    const response = await fetch('github-digest/markdown/filter', {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    });
    if (response.ok) return response;
    const wait = response.headers.get('retry-after');
    say(
      reasonOf(response.status, await response.json().catch(() => ({}))) +
        (wait ? ` · again in ${wait} s` : ''),
      true,
    );
    if (response.status === 401) keyField.focus();
  } catch {
    say('The service cannot be reached.', true);
  } finally {
    busy = false;
    document.body.removeAttribute('aria-busy');
  }
}

function say(text, bad) {
  state.textContent = text;
  state.className = bad ? 'bad' : '';
}

// Secrets that were found, and what is left out for which reason.
function drawNotes({ warnings, skipped }) {
  const reasons = Object.groupBy(skipped, ({ reason }) => reason);
  const list = (title, kind, lines) =>
    h(
      'details',
      {},
      h('summary', { class: kind }, title),
      h(
        'ul',
        {},
        lines.slice(0, 200).map(line => h('li', {}, h('code', {}, line))),
        lines.length > 200 ? h('li', {}, `… and ${number(lines.length - 200)} more`) : '',
      ),
    );
  $('notes').replaceChildren(
    warnings.length
      ? list(
          number(warnings.length) +
            (warnings.length === 1 ? ' place looks' : ' places look') +
            ' like a secret',
          'bad',
          warnings.map(({ path, line, kind }) => `${path}:${line} ${kind}`),
        )
      : '',
    ...Object.entries(reasons).map(([reason, files]) =>
      list(
        `${number(files.length)} left out: ${reason}`,
        '',
        files.map(({ path }) => path),
      ),
    ),
  );
}
