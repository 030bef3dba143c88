// The tree on /digest: folders and files with boxes, sizes and tokens.
import { $, bytes, h, number } from './page.js';

// Every folder and file once: { name, path, file or children, size, tokens, ticked, parent, row }.
let tree;
// Then only its first level is open.
let isLarge;

export function drawTree(files) {
  tree = { name: '', path: '', children: new Map(), ticked: true };
  for (const file of files) {
    let at = tree;
    for (const name of file.path.split('/').slice(0, -1)) {
      if (!at.children.has(name))
        at.children.set(name, {
          name,
          path: (at.path && `${at.path}/`) + name,
          children: new Map(),
          ticked: true,
          parent: at,
        });
      at = at.children.get(name);
    }
    const name = file.path.slice(at.path && at.path.length + 1);
    at.children.set(`${name}\0`, {
      name,
      path: file.path,
      size: file.size,
      tokens: file.tokens,
      ticked: true,
      parent: at,
    });
  }
  isLarge = files.length > 60;
  sum(tree);
  $('tree').replaceChildren(list(tree, 0));
  total();
}

function sum(node) {
  if (!node.children) return;
  node.size = node.tokens = 0;
  for (const child of node.children.values()) {
    sum(child);
    node.size += child.size;
    node.tokens += child.tokens;
  }
}

function list(folder, depth) {
  const children = [...folder.children.values()].sort((a, b) => Boolean(b.children) - Boolean(a.children));
  return h(
    'ul',
    {},
    children.map(child => h('li', {}, child.children ? branch(child, depth) : row(child))),
  );
}

// Large repositories are drawn as they are opened.
function branch(folder, depth) {
  const details = h('details', { open: depth < 1 && !isLarge }, h('summary', {}, row(folder)));
  const fill = () => {
    if (details.open && !details.querySelector('ul')) details.append(list(folder, depth + 1));
  };
  details.addEventListener('toggle', fill);
  fill();
  folder.details = details;
  folder.fill = fill;
  return details;
}

function row(node) {
  const id = `file-${node.path}`;
  node.box = h('input', { type: 'checkbox', id, 'data-path': node.path + (node.children ? '/' : '') });
  node.box.addEventListener('change', () => {
    tick(node, node.box.checked);
    total();
  });
  const bar = h('span', { class: 'bar' });
  // A share of the whole, which the eye compares faster than figures.
  bar.style.setProperty('--share', String(node.tokens / Math.max(1, tree.tokens)));
  paint(node);
  return h(
    'span',
    { class: 'row' },
    node.box,
    h('label', { for: id }, node.name + (node.children ? '/' : '')),
    bar,
    h('span', { class: 'size' }, bytes(node.size)),
    h('span', { class: 'size' }, number(node.tokens)),
  );
}

function tick(node, ticked) {
  node.ticked = ticked;
  paint(node);
  if (node.children) for (const child of node.children.values()) tick(child, ticked);
}

export function tickAll(ticked) {
  for (const node of visible(tree)) tick(node, ticked);
  total();
}

// What the search leaves: whole folders that match, and single files.
function* visible(folder) {
  for (const child of folder.children.values()) {
    if (!child.hidden && !child.partly) yield child;
    else if (child.partly) yield* visible(child);
  }
}

function paint(node) {
  if (!node.box) return;
  node.box.checked = node.children ? node.some !== false && node.ticked : node.ticked;
  node.box.indeterminate = Boolean(node.children) && node.some === 'partly';
}

// From the files up: a folder is ticked, not, or partly.
function settle(node) {
  if (!node.children)
    return {
      files: node.ticked ? 1 : 0,
      all: 1,
      size: node.ticked ? node.size : 0,
      tokens: node.ticked ? node.tokens : 0,
    };
  const found = { files: 0, all: 0, size: 0, tokens: 0 };
  for (const child of node.children.values()) {
    const part = settle(child);
    for (const key of Object.keys(found)) found[key] += part[key];
  }
  node.ticked = found.files > 0;
  node.some = found.files === 0 ? false : found.files === found.all ? true : 'partly';
  paint(node);
  return found;
}

function total() {
  const { files, size, tokens } = settle(tree);
  $('totals').textContent =
    number(files) +
    (files === 1 ? ' file, ' : ' files, ') +
    bytes(size) +
    ', about ' +
    number(tokens) +
    ' tokens chosen';
}

export function isNothingChosen() {
  return !tree.some;
}

// What is chosen as globs that are tied to the root: what to leave out, or what to take, whichever says it in fewer.
export function narrow({ include, exclude }) {
  const [left, taken] = [[], []];
  const collect = node => {
    for (const child of node.children.values()) {
      if (child.children && child.some === 'partly') collect(child);
      else ((child.children ? child.some === true : child.ticked) ? taken : left).push(`/${child.path}`);
    }
  };
  collect(tree);
  if (left.length + exclude.length <= 100) return { exclude: [...exclude, ...left] };
  return include.length === 0 && taken.length <= 100 ? { include: taken } : undefined;
}

export function searchTree(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = path => words.every(word => path.toLowerCase().includes(word));
  // A folder is shown with all that is in it when its own path matches, else with those that do.
  const visit = node => {
    if (!node.children || matches(node.path)) return set(node, !matches(node.path), false);
    if (node.fill && words.length) {
      node.details.open = true;
      node.fill();
    }
    let some = false;
    for (const child of node.children.values()) some = visit(child) || some;
    return set(node, !some, true);
  };
  const set = (node, hidden, partly) => {
    Object.assign(node, { hidden, partly: partly && !hidden });
    const item = node.box?.closest('li');
    if (item) item.hidden = hidden;
    if (!partly && node.children) for (const child of node.children.values()) set(child, hidden, false);
    return !hidden;
  };
  for (const child of tree.children.values()) visit(child);
}
