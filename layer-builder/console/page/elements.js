// The page's building blocks. Every text goes in as a text node.
export const byId = id => document.getElementById(id);
/** True while an action is under way: whatever is drawn meanwhile waits with it. */
let busy = false;

export function setBusy(now) {
  busy = now;
  for (const one of document.querySelectorAll('button')) one.disabled = busy;
}

export function pair(name, value) {
  return [element('dt', {}, [name]), element('dd', {}, [value])];
}

/** Cells with the head of their column, which a narrow screen shows in them. The roles outlast its other layout. */
export function row(cells) {
  return element(
    'tr',
    { role: 'row' },
    cells.map(([head, ...children]) => element('td', { role: 'cell', 'data-head': head }, children)),
  );
}

/** `of` tells one from the others of its text, for those who do not see where it stands. */
export function button(text, of, kind, onClick) {
  const name = `${text} ${of}`;
  const made = element('button', { type: 'button', class: kind, id: name, 'aria-label': name }, [text]);
  made.disabled = busy;
  made.addEventListener('click', onClick);
  return made;
}

export function element(name, attributes, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function bytes(count) {
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e3).toFixed(1)} kB`;
}

export function short(digest) {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** `firstByte` → `first byte` */
export function words(name) {
  return name.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
}
