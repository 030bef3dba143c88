/** What every operation of the control plane works with: the store, the running functions, and small shared rules. */
import { randomUUID } from 'node:crypto';
import type { CredentialStore } from '../credentials.ts';
import type { IamService } from '../iam/index.ts';
import type { ObjectSource } from '../s3/index.ts';
import type { FunctionName, Place } from './arn.ts';
import { functionArn } from './arn.ts';
import { LambdaError, notFound } from './errors.ts';
import type { Fields } from './fields.ts';
import type { Lifecycles } from './lifecycle.ts';
import type { Alias, FunctionRecord, FunctionVersion } from './records.ts';
import type { Running } from './running.ts';
import type { Store } from './store.ts';
import type { UrlListeners } from './url-listeners.ts';

export interface Service {
  readonly place: Place;
  /** Address of this server, without a final slash. */
  readonly endpoint: string;
  readonly store: Store;
  readonly objects: ObjectSource;
  readonly credentials: CredentialStore;
  readonly iam: IamService;
  readonly lifecycles: Lifecycles;
  readonly running: Running;
  readonly urls: UrlListeners;
  readonly log: (line: string) => void;
  /** A link to a zip that works for ten minutes without a signature. */
  linkTo(sha256: string): string;
}

/** One call of the API, taken apart. */
export interface Call {
  /** Decoded parts of the path, as the route names them. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly fields: Fields;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export type Operation = (service: Service, call: Call) => Promise<Answer> | Answer;

/** The function named in the path, with the qualifier from the query or the name. */
export function named(
  service: Service,
  name: FunctionName,
  missing = `Function not found: ${functionArn(service.place, name.name, name.qualifier)}`,
): FunctionRecord {
  const { region, account } = service.place;
  if ((name.region ?? region) !== region) {
    throw notFound(`Functions from '${name.region}' are not reachable in this region ('${region}')`);
  }
  if ((name.account ?? account) !== account) {
    throw new LambdaError(
      403,
      'AccessDeniedException',
      `The function is of another account (expected ${account}, found ${name.account})`,
    );
  }
  const record = service.store.functions.get(name.name);
  if (!record) throw notFound(missing);
  return record;
}

/** The version that a qualifier means: of an alias the one it points to, whatever share another one has. */
export function resolveVersion(
  service: Service,
  record: FunctionRecord,
  qualifier = '$LATEST',
  missing = `Function not found: ${functionArn(service.place, record.name, qualifier)}`,
): FunctionVersion {
  if (qualifier === '$LATEST') return record.latest;
  const wanted = record.aliases.find(one => one.name === qualifier)?.version ?? qualifier;
  if (wanted === '$LATEST') return record.latest;
  const version = record.versions.find(one => one.version === wanted);
  if (!version) throw notFound(missing);
  return version;
}

/** The version that one call of a qualifier gets: an alias with weights gives one of its two versions, by lot. */
export function drawVersion(
  service: Service,
  record: FunctionRecord,
  qualifier: string | undefined,
): FunctionVersion {
  const [[other, weight] = ['', 0]] = Object.entries(
    record.aliases.find(one => one.name === qualifier)?.weights ?? {},
  );
  return resolveVersion(service, record, Math.random() < weight ? other : qualifier);
}

export function findAlias(service: Service, record: FunctionRecord, name: string): Alias {
  const alias = record.aliases.find(one => one.name === name);
  if (!alias) throw notFound(`Cannot find alias arn: ${functionArn(service.place, record.name, name)}`);
  return alias;
}

export function newRevision(): string {
  return randomUUID();
}

/** The time as Lambda writes it: `2026-11-23T05:30:00.000+0000`. */
export function timestamp(): string {
  return new Date().toISOString().replace('Z', '+0000');
}

/** One page of a list: `Marker` is the index of its first item, `MaxItems` its length. */
export function page<T>(
  items: readonly T[],
  query: URLSearchParams,
  most: number,
): { readonly items: readonly T[]; readonly next: { NextMarker?: string } } {
  const from = Math.max(0, Number(query.get('Marker') ?? 0) || 0);
  const wanted = Number(query.get('MaxItems') ?? most) || most;
  const to = from + Math.min(Math.max(1, wanted), most);
  return { items: items.slice(from, to), next: to < items.length ? { NextMarker: String(to) } : {} };
}
