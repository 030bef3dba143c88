// How an operation of the API is shown, to read and to try.
import { h } from './page.js';

export function badge(method) {
  return h('span', { class: `method ${method}` }, method.toUpperCase());
}

export function title(path, method, operation) {
  return [
    badge(method),
    h('span', { class: 'path' }, path),
    h('span', { class: 'quiet' }, operation.summary),
    Array.isArray(operation.security) && operation.security.length === 0
      ? h('span', { class: 'tag' }, 'no key needed')
      : '',
  ];
}

// What the search looks at.
export function textOf(path, method, operation) {
  return [method, path, operation.summary, ...(operation.parameters || []).map(({ name }) => name)].join(' ');
}

// Descriptions are Markdown; code is all they use of it.
export function prose(text) {
  return (text || '').split('\x60').map((part, index) => (index % 2 ? h('code', {}, part) : part));
}

// JSON in colours: keys, texts, numbers, words.
export function colours(text, isJson) {
  if (!isJson || text.length > 200000) return [text];
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(
    /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g,
  )) {
    const kind = match[1] ? (match[2] ? 'key' : 'text') : /^[-\d]/.test(match[0]) ? 'number' : 'word';
    const token = match[1] || match[0];
    parts.push(text.slice(at, match.index), h('span', { class: `json-${kind}` }, token));
    at = match.index + token.length;
  }
  return [...parts, text.slice(at)];
}
