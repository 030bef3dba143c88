/** The script of the size report: sorts the table of packages by a click on a head, and filters it. */
export const pageScript = `
for (const table of document.querySelectorAll('.packages')) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const valueOf = (row, index) => {
    const cell = row.cells[index];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  heads.forEach((head, index) => {
    const button = document.createElement('button');
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const isNumber = head.classList.contains('n');
      const before = head.getAttribute('aria-sort');
      const descending = before === null ? isNumber : before === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      const sign = descending ? -1 : 1;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [valueOf(a, index), valueOf(b, index)];
        return sign * (isNumber ? x - y : x.localeCompare(y));
      });
      body.append(...rows);
    });
  });
  const filter = table.parentElement.previousElementSibling;
  const [input, output] = filter.children;
  filter.hidden = false;
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    let visible = 0;
    for (const row of body.rows) {
      const text = row.textContent + ' ' + [...row.cells].map(cell => cell.title).join(' ');
      row.hidden = !text.toLowerCase().includes(wanted);
      if (!row.hidden) visible += 1;
    }
    output.textContent = wanted === '' ? '' : visible + ' of ' + body.rows.length;
  });
}
`;
