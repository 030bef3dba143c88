/** Declared fields × what a client sent → typed values, or every fault in FastAPI's shape. Pure. */
import { hasFormat, patternOf } from './formats.ts';
import type {
  FieldSchema,
  Fields,
  IntegerSchema,
  ListSchema,
  Problem,
  StringSchema,
  Values,
} from './types.ts';

/** Characters of a text whose schema says nothing. */
export const defaultMaxLength = 1024;

export type Where = 'query' | 'body';
export type Outcome<F extends Fields> =
  | { readonly ok: true; readonly values: Values<F> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Loc = readonly (string | number)[];
type Checked = { readonly value: unknown } | { readonly problems: readonly Problem[] };

/**
 * Validates a query (everything is text; the last of a repeated value counts) or a JSON object (types are strict,
 * as Pydantic's are in JSON, but for numbers and booleans in text). Fields that are not declared are ignored.
 */
export function validate<F extends Fields>(
  fields: F,
  given: Readonly<Record<string, unknown>>,
  where: Where,
): Outcome<F> {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, schema] of Object.entries(fields)) {
    const raw = Object.hasOwn(given, name) ? given[name] : undefined;
    const found = where === 'query' && Array.isArray(raw) && schema.type !== 'array' ? raw.at(-1) : raw;
    const checked =
      found === undefined ? absent(schema, [where, name], given) : check(schema, found, [where, name]);
    if ('problems' in checked) problems.push(...checked.problems);
    else values[name] = checked.value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: values as Values<F> };
}

function absent(schema: FieldSchema, loc: Loc, given: unknown): Checked {
  if (schema.default !== undefined || schema.optional) return { value: schema.default };
  return fault('missing', loc, 'Field required', loc[0] === 'query' ? null : given);
}

function check(schema: FieldSchema, value: unknown, loc: Loc): Checked {
  switch (schema.type) {
    case 'string':
      return checkString(schema, value, loc);
    case 'integer':
      return checkInteger(schema, value, loc);
    case 'boolean':
      return checkBoolean(value, loc);
    case 'array':
      return checkList(schema, value, loc);
  }
}

function checkString(schema: StringSchema, value: unknown, loc: Loc): Checked {
  const input = schema.writeOnly ? '**********' : value;
  if (typeof value !== 'string') return fault('string_type', loc, 'Input should be a valid string', input);
  const { minLength = 0, maxLength = defaultMaxLength } = schema;
  if (value.length < minLength) {
    const s = minLength === 1 ? '' : 's';
    return fault('string_too_short', loc, `String should have at least ${minLength} character${s}`, input, {
      min_length: minLength,
    });
  }
  if (value.length > maxLength) {
    return fault('string_too_long', loc, `String should have at most ${maxLength} characters`, input, {
      max_length: maxLength,
    });
  }
  if (schema.enum && !schema.enum.includes(value)) {
    const expected = schema.enum.map(item => `'${item}'`).join(' or ');
    return fault('literal_error', loc, `Input should be ${expected}`, input, { expected });
  }
  if (schema.format && !hasFormat(value, schema.format)) {
    const pattern = patternOf(schema.format);
    if (pattern === undefined) {
      return fault('ip_any_address', loc, 'value is not a valid IPv4 or IPv6 address', input);
    }
    return fault('string_pattern_mismatch', loc, `String should match pattern '${pattern}'`, input, {
      pattern,
    });
  }
  return { value };
}

function checkInteger(schema: IntegerSchema, value: unknown, loc: Loc): Checked {
  const number = typeof value === 'string' && /^\s*[+-]?\d{1,400}\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'string') {
    return fault(
      'int_parsing',
      loc,
      'Input should be a valid integer, unable to parse string as an integer',
      value,
    );
  }
  if (typeof number !== 'number') return fault('int_type', loc, 'Input should be a valid integer', value);
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) {
    return fault(
      'int_parsing_size',
      loc,
      'Unable to parse input string as an integer, exceeded maximum size',
      value,
    );
  }
  if (!Number.isInteger(number)) {
    return fault(
      'int_from_float',
      loc,
      'Input should be a valid integer, got a number with a fractional part',
      value,
    );
  }
  const { minimum = -Infinity, maximum = Infinity } = schema;
  if (number < minimum) {
    return fault('greater_than_equal', loc, `Input should be greater than or equal to ${minimum}`, value, {
      ge: minimum,
    });
  }
  if (number > maximum) {
    return fault('less_than_equal', loc, `Input should be less than or equal to ${maximum}`, value, {
      le: maximum,
    });
  }
  return { value: number };
}

const truths: Readonly<Record<string, boolean>> = {
  ...{ true: true, t: true, yes: true, y: true, on: true, '1': true },
  ...{ false: false, f: false, no: false, n: false, off: false, '0': false },
};

function checkBoolean(value: unknown, loc: Loc): Checked {
  if (typeof value === 'boolean') return { value };
  if (typeof value !== 'string' && typeof value !== 'number') {
    return fault('bool_type', loc, 'Input should be a valid boolean', value);
  }
  const word = String(value).toLowerCase();
  if (Object.hasOwn(truths, word)) return { value: truths[word] };
  return fault('bool_parsing', loc, 'Input should be a valid boolean, unable to interpret input', value);
}

function checkList(schema: ListSchema, value: unknown, loc: Loc): Checked {
  const items = loc[0] === 'query' && typeof value === 'string' ? [value] : value;
  if (!Array.isArray(items)) return fault('list_type', loc, 'Input should be a valid list', value);
  if (items.length > schema.maxItems) {
    const msg = `List should have at most ${schema.maxItems} items after validation, not ${items.length}`;
    return fault('too_long', loc, msg, null, { max_length: schema.maxItems, actual_length: items.length });
  }
  const problems = items.flatMap((item, index) => {
    const checked = checkString(schema.items, item, [...loc, index]);
    return 'problems' in checked ? checked.problems : [];
  });
  return problems.length > 0 ? { problems } : { value: items };
}

function fault(type: string, loc: Loc, msg: string, input: unknown, ctx?: Problem['ctx']): Checked {
  return { problems: [{ type, loc, msg, input: echo(input), ...(ctx && { ctx }) }] };
}

/** What the client sent, kept short: an answer must not be a mirror for megabytes or for 10,000 nested lists. */
function echo(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Array.isArray(value) ? `a list of ${value.length}` : {};
}
