/** Text tables in the original's drawing. Pure. */
import { printable } from '../repository/text.ts';

export interface Table {
  readonly title: string;
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly footer: string;
}

/** Columns are as wide as their widest cell, in characters; title and footer span them all. */
export function formatTable({ title, headers, rows, footer }: Table): string {
  const cells = rows.map(row => row.map(printable));
  const widths = headers.map((header, column) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), widthOf(header)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' │ ');
  const inner = Math.max(widthOf(line(headers)), widthOf(title), widthOf(footer));
  const rule = '─'.repeat(inner + 2);
  const boxed = (text: string) => `│ ${pad(text, inner)} │`;
  return [
    `┌${rule}┐`,
    boxed(title),
    `├${rule}┤`,
    boxed(line(headers)),
    `├${rule}┤`,
    ...cells.map(row => boxed(line(row))),
    `├${rule}┤`,
    boxed(footer),
    `└${rule}┘`,
  ].join('\n');
}

/** `3968` → `3,968`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes in units of `unit` bytes with one decimal, a half rounded to the even digit as the original's Python does. */
export function inUnits(bytes: number, unit: number): string {
  const whole = Math.floor((bytes * 10) / unit);
  const rest = (bytes * 10) % unit;
  const up = rest * 2 > unit || (rest * 2 === unit && whole % 2 === 1);
  const tenths = whole + (up ? 1 : 0);
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

function widthOf(text: string): number {
  return [...text].length;
}
