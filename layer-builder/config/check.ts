/** Rules that judge a value and write down every problem, so that the user sees all of them at once. */

/** Judges `value`, found at `at`, and appends a sentence for each problem. */
export type Rule = (value: unknown, at: string, problems: string[]) => void;

/** An object with these keys, each optional; any other key is a problem that names the nearest known one. */
export function object(keys: Readonly<Record<string, Rule>>): Rule {
  return (value, at, problems) => {
    if (!isRecord(value)) return wrong(problems, at, 'an object', value);
    for (const [key, item] of Object.entries(value)) {
      const rule = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (rule) rule(item, join(at, key), problems);
      else problems.push(`unknown key ${show(join(at, key))}${suggestion(key, Object.keys(keys))}`);
    }
  };
}

/** An object whose keys match `pattern` and whose values all obey one rule. */
export function map(pattern: RegExp, named: string, rule: Rule): Rule {
  return (value, at, problems) => {
    if (!isRecord(value)) return wrong(problems, at, 'an object', value);
    for (const [key, item] of Object.entries(value)) {
      if (!pattern.test(key)) problems.push(`${at}: ${show(key)} is not ${named}`);
      rule(item, join(at, key), problems);
    }
  };
}

export function list(rule: Rule): Rule {
  return (value, at, problems) => {
    if (!Array.isArray(value)) return wrong(problems, at, 'a list', value);
    for (const [index, item] of value.entries()) rule(item, `${at}[${index}]`, problems);
  };
}

export function text(expected = 'a text that is not empty', pattern = /./s): Rule {
  return (value, at, problems) => {
    if (typeof value !== 'string' || !pattern.test(value)) wrong(problems, at, expected, value);
  };
}

export function flag(): Rule {
  return (value, at, problems) => {
    if (typeof value !== 'boolean') wrong(problems, at, 'true or false', value);
  };
}

/** `false` turns off what the rule would judge. */
export function falseOr(rule: Rule): Rule {
  return (value, at, problems) => {
    if (value !== false) rule(value, at, problems);
  };
}

export function oneOf(allowed: readonly string[]): Rule {
  return (value, at, problems) => {
    if (allowed.includes(value as string)) return;
    wrong(problems, at, allowed.join(' or '), value, typeof value === 'string' ? allowed : []);
  };
}

/** A whole number from `low` to `high`, both included. */
export function whole(low: number, high: number, unit: string): Rule {
  return (value, at, problems) => {
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return;
    wrong(problems, at, `a whole number from ${low} to ${high} ${unit}`, value);
  };
}

export function oneOfNumbers(allowed: readonly number[], unit: string): Rule {
  return (value, at, problems) => {
    if (allowed.includes(value as number)) return;
    wrong(problems, at, `one of ${allowed.join(', ')} ${unit}`, value);
  };
}

/** A list of whole numbers from `low` to `high`, each greater than the one before. */
export function ascending(low: number, high: number, unit: string): Rule {
  return (value, at, problems) => {
    const isAscending =
      Array.isArray(value) &&
      value.every(
        (item, index) =>
          Number.isInteger(item) && item >= low && item <= high && (index === 0 || item > value[index - 1]),
      );
    if (!isAscending) wrong(problems, at, `ascending whole numbers from ${low} to ${high} ${unit}`, value);
  };
}

/** The known word with the fewest edits, if it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map(candidate => ({ candidate, distance: edits(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.candidate.length / 2))
    ? best.candidate
    : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function suggestion(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? ` (known: ${known.join(', ')})` : ` (did you mean "${near}"?)`;
}

function wrong(
  problems: string[],
  at: string,
  expected: string,
  found: unknown,
  known: readonly string[] = [],
): void {
  const near = typeof found === 'string' ? nearest(found, known) : undefined;
  problems.push(
    `${at}: expected ${expected}, found ${show(found)}${near === undefined ? '' : ` (did you mean "${near}"?)`}`,
  );
}

function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}

/** Levenshtein distance, one row at a time; the words are configuration keys, so short. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
