/**
 * The work of regular expressions in steps, which no machine's mood changes: while `work` runs, each pattern it
 * executes is executed once more by a backtracking matcher that counts (FAULTS.md E26).
 */

/** Steps of all patterns that `work` executes: positions tried, characters compared, choices taken. */
export function stepsIn(work: () => unknown): number {
  const exec = RegExp.prototype.exec;
  let steps = 0;
  RegExp.prototype.exec = function counted(text) {
    // each method of a text ends here as long as `exec` is not the built-in one
    RegExp.prototype.exec = exec;
    try {
      steps += stepsOf(this, String(text), this.global || this.sticky ? this.lastIndex : 0);
    } finally {
      RegExp.prototype.exec = counted;
    }
    return exec.call(this, text);
  };
  try {
    work();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return steps;
}

/** True where twice the text takes at most twice the steps, and a bit. */
export function isLinear(work: (length: number) => unknown, length = 500): boolean {
  try {
    return stepsIn(() => work(2 * length)) <= 2.2 * stepsIn(() => work(length)) + 1000;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Far beyond what is linear, and soon reached by what explodes. */
const most = 5_000_000;

/** Characters of a pattern that always has as many, which is all that is understood of what looks back. */
function widthOf(pattern: string): number {
  const tokens = pattern.match(/\[(?:\\.|[^\]\\])*\]|\\[\s\S]|[\s\S]/gu) ?? [];
  if (tokens.some(token => /^[*+?{}()|]$/.test(token))) throw new Error(`not of one width: /${pattern}/`);
  return tokens.filter(token => !/^(?:\\[bB]|[$^])$/.test(token)).length;
}

type Next = (at: number) => boolean;
type Matcher = (at: number, next: Next) => boolean;

/** Searches as engines do: from each position on, every choice in order, until one works. */
export function stepsOf(pattern: RegExp, text: string, from = 0): number {
  let steps = 0;
  let position = 0;
  const { source } = pattern;
  const flags = pattern.flags.replace(/[gyd]/g, '');
  const groups: (string | undefined)[] = [];
  let groupCount = 0;

  const alternatives = (): Matcher => {
    const options = [sequence()];
    while (source[position] === '|') {
      position += 1;
      options.push(sequence());
    }
    return (at, next) => options.some(option => count() && option(at, next));
  };
  const sequence = (): Matcher => {
    const parts: Matcher[] = [];
    while (position < source.length && source[position] !== '|' && source[position] !== ')') {
      parts.push(quantified(atom()));
    }
    return parts.reduceRight<Matcher>(
      (rest, part) => (at, next) => part(at, then => rest(then, next)),
      (at, next) => next(at),
    );
  };
  const quantified = (part: Matcher): Matcher => {
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/.exec(source.slice(position));
    if (found === null) return part;
    position += found[0].length;
    const [, sign, least, comma, most, lazy] = found;
    const low = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
    const high =
      sign === '?'
        ? 1
        : sign !== undefined || (comma !== '' && most === '')
          ? Infinity
          : Number(most || least);
    const repeat = (times: number, at: number, next: Next): boolean => {
      const again = () =>
        times < high && part(at, then => (then > at || times < low) && repeat(times + 1, then, next));
      if (times < low) return again();
      return lazy === '' ? again() || next(at) : next(at) || again();
    };
    return (at, next) => repeat(0, at, next);
  };
  const atom = (): Matcher => {
    const rest = source.slice(position);
    if (rest.startsWith('(')) return group(rest);
    const token =
      /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:u\{\w+\}|u\w{4}|x\w\w|c\w|[pP]\{[^}]*\}|k<\w+>|[\s\S])|[\s\S])/u.exec(
        rest,
      )?.[0] ?? '';
    position += token.length;
    if (token === '^')
      return (at, next) => (at === 0 || (flags.includes('m') && text[at - 1] === '\n')) && next(at);
    if (token === '$')
      return (at, next) => (at === text.length || (flags.includes('m') && text[at] === '\n')) && next(at);
    if (token === '\\b' || token === '\\B') {
      const isWord = (at: number) => /\w/.test(text[at] ?? '');
      return (at, next) => (isWord(at - 1) !== isWord(at)) === (token === '\\b') && next(at);
    }
    if (/^\\[1-9]/.test(token)) {
      const index = Number(token.slice(1));
      return (at, next) =>
        text.startsWith(groups[index] ?? '', at) && next(at + (groups[index]?.length ?? 0));
    }
    const one = new RegExp(`^(?:${token})$`, flags);
    const known = new Map<string, boolean>();
    return (at, next) => {
      const character = flags.includes('u')
        ? String.fromCodePoint(text.codePointAt(at) ?? 0)
        : (text[at] ?? '');
      if (!count() || at >= text.length) return false;
      let fits = known.get(character);
      if (fits === undefined) {
        fits = one.test(character);
        known.set(character, fits);
      }
      return fits && next(at + character.length);
    };
  };
  const group = (rest: string): Matcher => {
    const kind = /^\((?:\?(?:[:=!]|<[=!]|<\w+>))?/.exec(rest)?.[0] ?? '(';
    position += kind.length;
    const from = position;
    const index = kind === '(' || kind.endsWith('>') ? ++groupCount : 0;
    const inner = alternatives();
    position += 1;
    if (kind === '(?=') return (at, next) => inner(at, () => true) && next(at);
    if (kind === '(?<=' || kind === '(?<!') {
      const width = widthOf(source.slice(from, position - 1));
      const isBehind = (at: number) => at >= width && inner(at - width, then => then === at);
      return (at, next) => isBehind(at) === (kind === '(?<=') && next(at);
    }
    if (kind === '(?!') return (at, next) => !inner(at, () => true) && next(at);
    if (index === 0) return inner;
    return (at, next) =>
      inner(at, then => {
        const before = groups[index];
        groups[index] = text.slice(at, then);
        if (next(then)) return true;
        groups[index] = before;
        return false;
      });
  };
  const count = () => {
    steps += 1;
    if (steps > most) throw new RangeError(`more than ${most} steps: /${source}/`);
    return true;
  };

  const whole = alternatives();
  if (position !== source.length) throw new Error(`not understood from ${position} on: /${source}/`);
  for (let at = from; at <= text.length; at += 1) {
    steps += 1;
    if (whole(at, () => true) || pattern.sticky) break;
  }
  return steps;
}
