/** What an operation is given and what it answers with: plain data on both sides of the wire. */

import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { SignedBody } from '../body/receive.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Store } from '../store/index.ts';
import type { XmlElement } from '../xml.ts';

/** A request that is authenticated and allowed. */
export interface Call {
  readonly store: Store;
  readonly headers: IncomingHttpHeaders;
  readonly query: ReadonlyMap<string, string>;
  readonly body: SignedBody;
  /** Milliseconds since the epoch. */ readonly now: number;
  /** Region of buckets that ask for none. */ readonly defaultRegion: string;
  /** Asks the policy of a bucket; this call's own permission has been asked already. */
  isDenied(action: string, bucket: Bucket, key?: string): boolean;
}

export interface BucketCall extends Call {
  readonly bucket: Bucket;
}

export interface ObjectCall extends BucketCall {
  readonly key: string;
}

export interface Answer {
  /** @default 200 */ readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?:
    | { readonly kind: 'xml'; readonly root: XmlElement }
    | { readonly kind: 'text'; readonly type: string; readonly text: string }
    /** Bytes `start` to `end`, both included, of an open file; whoever sends it closes it. */
    | { readonly kind: 'file'; readonly file: FileHandle; readonly start: number; readonly end: number };
}

export const noContent: Answer = { status: 204 };

export function answerXml(root: XmlElement, headers: Readonly<Record<string, string>> = {}): Answer {
  return { headers, body: { kind: 'xml', root } };
}

/** A header as one string. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
