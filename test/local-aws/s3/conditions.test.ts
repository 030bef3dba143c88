/** Conditional requests: the rules as a table, and the races they exist for over the wire. */
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { checkRead, checkWrite } from '../../../local-aws/s3/rules/conditions.ts';
import { send } from './signed-request.ts';
import { failureOf, startServer } from './support.ts';

const Bucket = 'conditions';
const current = { etag: 'e1', lastModified: Date.parse('2026-01-01T00:00:00.500Z') };
const [before, same, after] = ['00:00:00', '00:00:00', '00:00:01'].map((time, index) =>
  new Date(`${index === 0 ? '2025-12-31' : '2026-01-01'}T${time}Z`).toUTCString(),
);

const reads = [
  ['no condition', {}, undefined],
  ['If-Match that holds', { ifMatch: '"e1"' }, undefined],
  ['If-Match without quotes', { ifMatch: 'e1' }, undefined],
  ['If-Match with *', { ifMatch: '*' }, undefined],
  ['If-Match in a list', { ifMatch: '"x", "e1"' }, undefined],
  ['If-Match that fails', { ifMatch: '"x"' }, 'PreconditionFailed'],
  ['If-None-Match that holds', { ifNoneMatch: '"x"' }, undefined],
  ['If-None-Match that fails', { ifNoneMatch: '"e1"' }, 'NotModified'],
  ['a weak If-None-Match that fails', { ifNoneMatch: 'W/"e1"' }, 'NotModified'],
  ['If-Modified-Since before', { ifModifiedSince: before }, undefined],
  ['If-Modified-Since the same second', { ifModifiedSince: same }, 'NotModified'],
  ['If-Modified-Since that is no date', { ifModifiedSince: 'soon' }, undefined],
  ['If-Unmodified-Since before', { ifUnmodifiedSince: before }, 'PreconditionFailed'],
  ['If-Unmodified-Since after', { ifUnmodifiedSince: after }, undefined],
  ['If-Match outranks If-Unmodified-Since', { ifMatch: '"e1"', ifUnmodifiedSince: before }, undefined],
  ['If-None-Match outranks If-Modified-Since', { ifNoneMatch: '"x"', ifModifiedSince: after }, undefined],
] as const;

for (const [title, given, code] of reads)
  test(`a read with ${title} ${code === undefined ? 'is answered' : `is ${code}`}`, t => {
    const none = {
      ifMatch: undefined,
      ifNoneMatch: undefined,
      ifModifiedSince: undefined,
      ifUnmodifiedSince: undefined,
    };
    const check = () => checkRead({ ...none, ...given }, current);
    if (code === undefined) t.notThrows(check);
    else t.like(t.throws(check), { code });
  });

const writes = [
  ['If-None-Match: * on nothing', { ifNoneMatch: '*' }, undefined, undefined],
  ['If-None-Match: * on an object', { ifNoneMatch: '*' }, current, 'PreconditionFailed'],
  ['If-None-Match with a tag', { ifNoneMatch: '"e1"' }, undefined, 'NotImplemented'],
  ['If-Match that holds', { ifMatch: '"e1"' }, current, undefined],
  ['If-Match that fails', { ifMatch: '"x"' }, current, 'PreconditionFailed'],
  ['If-Match on nothing', { ifMatch: '"e1"' }, undefined, 'NoSuchKey'],
] as const;

for (const [title, given, over, code] of writes)
  test(`a write with ${title} ${code === undefined ? 'passes' : `is ${code}`}`, t => {
    const check = () => checkWrite({ ifMatch: undefined, ifNoneMatch: undefined, ...given }, over);
    if (code === undefined) t.notThrows(check);
    else t.like(t.throws(check), { code });
  });

test('of twenty that create the same key with If-None-Match: *, exactly one gets through', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  const racers = Array.from({ length: 20 }, (_, number) => `racer ${number}`);
  const failures = await Promise.all(
    racers.map(Body =>
      failureOf(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body, IfNoneMatch: '*' }))),
    ),
  );
  const winners = racers.filter((_, index) => failures[index]?.code === 'no failure');
  t.is(winners.length, 1);
  t.true(
    failures.every(
      ({ code, status }) => code === 'no failure' || (code === 'PreconditionFailed' && status === 412),
    ),
  );
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  t.is(await Body?.transformToString(), winners[0]);
});

test('of twenty that move a pointer with If-Match, exactly one gets through each round', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  let { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'channel', Body: 'start' }));
  for (const round of [1, 2, 3]) {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, racer) =>
        client.send(
          new PutObjectCommand({ Bucket, Key: 'channel', Body: `${round}.${racer}`, IfMatch: ETag }),
        ),
      ),
    );
    const won = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    t.is(won.length, 1);
    ETag = won[0]?.ETag;
  }
});

test('304 and 412 come over the wire as S3 sends them', async t => {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  const { ETag = '' } = await server.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  const unchanged = await send(server, { path: `/${Bucket}/k`, headers: { 'if-none-match': ETag } });
  t.is(unchanged.status, 304);
  t.is(unchanged.body.length, 0);
  t.is(unchanged.headers.etag, ETag);
  const failed = await send(server, { path: `/${Bucket}/k`, headers: { 'if-match': '"x"' } });
  t.is(failed.status, 412);
  t.is(failed.element('Condition'), 'If-Match');
});
