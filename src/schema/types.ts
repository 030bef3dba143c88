/** The part of JSON Schema that parameters and bodies are declared in, and the TypeScript types derived from it. */

interface Described {
  readonly description?: string;
  /** `false`: may be left out though it has no default. Everything without a default is needed else. */
  readonly optional?: true;
  /** The value is a secret: never echoed in an answer. */
  readonly writeOnly?: true;
  readonly examples?: readonly unknown[];
}

/** Grammars that a regular expression alone says badly; each has a pattern for OpenAPI and a check in `formats.ts`. */
export type Format = 'owner' | 'repository' | 'ref' | 'ip' | 'cookie-value';

export interface StringSchema extends Described {
  readonly type: 'string';
  readonly default?: string;
  readonly enum?: readonly string[];
  readonly format?: Format;
  readonly maxLength?: number;
  readonly minLength?: number;
}

export interface IntegerSchema extends Described {
  readonly type: 'integer';
  readonly default?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface BooleanSchema extends Described {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface ListSchema extends Described {
  readonly type: 'array';
  readonly items: StringSchema;
  readonly default?: readonly string[];
  readonly maxItems: number;
}

export type FieldSchema = StringSchema | IntegerSchema | BooleanSchema | ListSchema;

/** Fields by name: the query of a route, or the properties of its JSON body. */
export type Fields = Readonly<Record<string, FieldSchema>>;

type ValueOf<S extends FieldSchema> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends StringSchema
    ? string
    : S extends IntegerSchema
      ? number
      : S extends BooleanSchema
        ? boolean
        : readonly string[];

/** The type of validated fields. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { readonly optional: true }
    ? ValueOf<F[K]> | undefined
    : ValueOf<F[K]>;
};

/** One fault of the input, in FastAPI's shape. */
export interface Problem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}
