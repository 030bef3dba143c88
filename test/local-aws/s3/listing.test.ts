/** Listings: the pure rules against a slow but obvious model, and the SDK's paginators over the wire. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import test from 'ava';
import fc from 'fast-check';
import { ownerId } from '../../../local-aws/s3/operations/buckets.ts';
import { type ListEntry, listPage } from '../../../local-aws/s3/rules/listing.ts';
import { compareKeys, deleteKey, insertKey } from '../../../local-aws/s3/store/keys.ts';
import { failureOf, startServer } from './support.ts';

const Bucket = 'listing';
const seed = 20_261_123;
const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '~', 'é', '\uffff', '🎉'),
  minLength: 1,
  maxLength: 6,
});

test('keys are ordered as their UTF-8 bytes are', t => {
  const order = (a: string, b: string) =>
    Math.sign(compareKeys(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b));
  fc.assert(fc.property(key, key, order), { seed, numRuns: 2000 });
  t.pass();
});

test('a sorted array stays sorted, and holds each key once', t => {
  const keeps = (added: string[], removed: string[]) => {
    const keys: string[] = [];
    for (const each of added) insertKey(keys, each);
    for (const each of removed) deleteKey(keys, each);
    const expected = [...new Set(added)].filter(each => !removed.includes(each)).sort(compareKeys);
    return JSON.stringify(keys) === JSON.stringify(expected);
  };
  fc.assert(fc.property(fc.array(key), fc.array(key), keeps), { seed });
  t.pass();
});

/** The listing as its definition reads: all keys, grouped, in order. */
function model(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const names = keys
    .filter(each => each.startsWith(prefix))
    .map(each => {
      const at = delimiter === '' ? -1 : each.indexOf(delimiter, prefix.length);
      return at === -1 ? `key ${each}` : `prefix ${each.slice(0, at + delimiter.length)}`;
    });
  return [...new Set(names)];
}

function nameOf(entry: ListEntry): string {
  return entry.kind === 'key' ? `key ${entry.key}` : `prefix ${entry.prefix}`;
}

test('pages of any size put together are the whole listing, whatever prefix and delimiter', t => {
  const prefix = fc.oneof(fc.constant(''), key);
  const delimiter = fc.constantFrom('', '/', 'a', 'a/');
  const agrees = (found: string[], wantedPrefix: string, wantedDelimiter: string, max: number) => {
    const keys = [...new Set(found)].sort(compareKeys);
    const request = { prefix: wantedPrefix, delimiter: wantedDelimiter, max };
    const entries: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = listPage(keys, { ...request, after }, () => true);
      entries.push(...page.entries.map(nameOf));
      after = page.next;
    }
    return JSON.stringify(entries) === JSON.stringify(model(keys, wantedPrefix, wantedDelimiter));
  };
  fc.assert(
    fc.property(fc.array(key, { maxLength: 30 }), prefix, delimiter, fc.integer({ min: 1, max: 5 }), agrees),
    {
      seed,
      numRuns: 500,
    },
  );
  t.pass();
});

test('a hundred thousand keys under one prefix are one entry, found without walking them', t => {
  const keys = [...Array.from({ length: 100_000 }, (_, i) => `a/${String(i).padStart(6, '0')}`), 'b'];
  let looked = 0;
  const isVisible = () => {
    looked += 1;
    return true;
  };
  const { entries } = listPage(keys, { prefix: '', delimiter: '/', after: '', max: 1000 }, isVisible);
  t.deepEqual(entries.map(nameOf), ['prefix a/', 'key b']);
  t.is(looked, 2);
});

async function fill(client: S3Client, keys: readonly string[]): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
}

test('the paginator of the SDK sees every key once, also odd ones', async t => {
  const { client } = await startServer(t);
  const keys = ['a/1', 'a/2', 'b&<>"', 'b+ c', 'c\u0001d', 'dé', 'd🎉', 'z'];
  await fill(client, keys);
  for (const EncodingType of [undefined, 'url'] as const) {
    const found: string[] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 3 }, { Bucket, EncodingType }))
      for (const { Key = '' } of page.Contents ?? [])
        found.push(EncodingType ? decodeURIComponent(Key) : Key);
    t.deepEqual(found, keys);
  }
});

test('V2 groups by delimiter, starts after a key, and tells its counts', async t => {
  const { client } = await startServer(t);
  await fill(client, ['a/1', 'a/2', 'b', 'c/1', 'd']);
  const list = (more: object) => client.send(new ListObjectsV2Command({ Bucket, ...more }));
  const grouped = await list({ Delimiter: '/' });
  t.deepEqual(grouped.CommonPrefixes, [{ Prefix: 'a/' }, { Prefix: 'c/' }]);
  t.deepEqual(
    grouped.Contents?.map(each => each.Key),
    ['b', 'd'],
  );
  t.like(grouped, { KeyCount: 4, IsTruncated: false, MaxKeys: 1000, Name: Bucket });
  t.like(await list({ StartAfter: 'b' }), { KeyCount: 2, StartAfter: 'b' });
  t.like(await list({ Prefix: 'a/', Delimiter: '/' }), { KeyCount: 2, CommonPrefixes: undefined });
  t.like(await list({ MaxKeys: 0 }), { KeyCount: 0, IsTruncated: false });
  const first = await list({ Delimiter: '/', MaxKeys: 1 });
  const second = await list({ Delimiter: '/', MaxKeys: 1, ContinuationToken: first.NextContinuationToken });
  t.deepEqual([first.CommonPrefixes, second.Contents?.[0]?.Key], [[{ Prefix: 'a/' }], 'b']);
  t.like((await list({ FetchOwner: true })).Contents?.[0], {
    Owner: { ID: ownerId },
    StorageClass: 'STANDARD',
  });
  t.like(await failureOf(list({ ContinuationToken: '!' })), { code: 'InvalidArgument', status: 400 });
  t.like(await failureOf(list({ MaxKeys: -1 })), { code: 'InvalidArgument', status: 400 });
});

test('V1 pages by marker', async t => {
  const { client } = await startServer(t);
  await fill(client, ['a/1', 'a/2', 'b', 'c']);
  const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }));
  t.like(first, { IsTruncated: true, NextMarker: 'a/' });
  const second = await client.send(
    new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: first.NextMarker }),
  );
  t.deepEqual(
    second.Contents?.map(each => each.Key),
    ['b', 'c'],
  );
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
  const third = await client.send(new ListObjectsCommand({ Bucket, Marker: 'a/2' }));
  t.deepEqual(
    third.Contents?.map(each => each.Key),
    ['c'],
  );
});
