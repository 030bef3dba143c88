/** Killed at any moment, the store opens again with every acknowledged object and no half one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import test, { type ExecutionContext } from 'ava';
import { LocalAwsError } from '../../../local-aws/errors.ts';
import { compileCache } from '../../support/compile-cache.ts';
import { failureOf, filesIn, rootKey, startServer, temporaryFolder } from './support.ts';

const Bucket = 'durable';
const script = fileURLToPath(new URL('server-process.ts', import.meta.url));
/** `KILL_ROUNDS=50` and more for a night. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 3);
/** Acknowledged writes after which the kill comes, plus a few: a different moment of the work each round. */
const acknowledgedBeforeKill = 20;
const writers = 6;
const keysOfWriter = 4;

interface Known {
  /** Value of the last acknowledged write; `undefined` after an acknowledged delete. */ acknowledged:
    | string
    | undefined;
  /** Value of the write that was under way when the server died. */ attempted: string | undefined;
  underWay: boolean;
}

test(`nothing acknowledged is lost and nothing half is found in ${rounds} kills`, async t => {
  const data = await temporaryFolder(t);
  const known = new Map<string, Known>();
  for (let round = 0; round < rounds; round += 1) {
    const { child, client } = await startProcess(t, data);
    if (round === 0) await client.send(new CreateBucketCommand({ Bucket }));
    await compare(t, client, known, round);
    await writeUntilKilled(child, client, known, round);
    client.destroy();
  }
  const { client } = await startServer(t, { data });
  await compare(t, client, known, rounds);
  t.deepEqual(await filesIn(path.join(data, 'tmp')), []);
  const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket }));
  t.is((await filesIn(path.join(data, 'buckets', Bucket, 'blobs'))).length, KeyCount ?? 0);
  t.log(
    `${[...known.values()].filter(each => each.acknowledged !== undefined).length} of ${known.size} keys held a value`,
  );
});

async function startProcess(t: ExecutionContext, data: string) {
  const child = spawn(process.execPath, [script, data], {
    env: { ...process.env, ...compileCache },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${Number(line)}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: rootKey,
  });
  return { child, client };
}

/** Several writers put, overwrite and delete until the server is gone, each noting what it was told. */
async function writeUntilKilled(
  child: ChildProcess,
  client: S3Client,
  known: Map<string, Known>,
  round: number,
) {
  let left = acknowledgedBeforeKill + round * 7;
  const write = async (writer: number) => {
    for (let count = 0; ; count += 1) {
      const key = `w${writer}/k${count % keysOfWriter}`;
      const value = count % 5 === 4 ? undefined : `${round}.${count}.${key} `;
      const entry = known.get(key) ?? { acknowledged: undefined, attempted: undefined, underWay: false };
      known.set(key, entry);
      Object.assign(entry, { attempted: value, underWay: true });
      try {
        await apply(client, key, value, count);
      } catch {
        return;
      }
      Object.assign(entry, { acknowledged: value, underWay: false });
      left -= 1;
      // Not awaited: the others are in the middle of something when it strikes.
      if (left === 0) child.kill('SIGKILL');
    }
  };
  await Promise.all([...Array.from({ length: writers }, (_, writer) => write(writer)), once(child, 'exit')]);
}

async function apply(client: S3Client, Key: string, value: string | undefined, count: number): Promise<void> {
  if (value === undefined) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  else if (count % 7 === 3)
    await new Upload({ client, params: { Bucket, Key, Body: inflate(value) } }).done();
  else await client.send(new PutObjectCommand({ Bucket, Key, Body: inflate(value) }));
}

/** A value of up to about 200 KB: long enough to be caught half-written. */
function inflate(value: string): string {
  return value.repeat(1 + ((value.length * 7919) % 20_000));
}

async function compare(t: ExecutionContext, client: S3Client, known: Map<string, Known>, round: number) {
  for (const [Key, entry] of known) {
    const found = await client
      .send(new GetObjectCommand({ Bucket, Key }))
      .then(({ Body }) => Body?.transformToString())
      .catch(error => {
        if (error.name !== 'NoSuchKey') throw error;
        return undefined;
      });
    const allowed = entry.underWay ? [entry.acknowledged, entry.attempted] : [entry.acknowledged];
    const isAllowed = allowed.some(value => (value === undefined ? value : inflate(value)) === found);
    t.true(
      isAllowed,
      `${Key} after ${round} kills holds ${found?.slice(0, 20)}, allowed ${allowed.join(' or ')}`,
    );
    // Whatever was under way has now happened or not.
    Object.assign(entry, {
      acknowledged: found === undefined ? undefined : `${found.split(' ')[0]} `,
      underWay: false,
    });
  }
}

test('a folder is served by one process at a time, and a killed one does not block it', async t => {
  const data = await temporaryFolder(t);
  const { child, client } = await startProcess(t, data);
  client.destroy();
  const error = await t.throwsAsync(startServer(t, { data }), { instanceOf: LocalAwsError });
  t.true(error?.message.includes(String(child.pid)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const server = await startServer(t, { data });
  await t.throwsAsync(startServer(t, { data }), { instanceOf: LocalAwsError });
  await server.service.close();
  await t.notThrowsAsync(startServer(t, { data }));
});

test('what a kill between two renames leaves behind is swept when the bucket is opened', async t => {
  const first = await startServer(t);
  await first.client.send(new CreateBucketCommand({ Bucket }));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  await first.service.close();
  const folder = path.join(first.data, 'buckets', Bucket);
  await writeFile(path.join(folder, 'blobs', 'orphan'), 'half');
  await writeFile(path.join(first.data, 'tmp', 'unfinished'), 'half');
  const second = await startServer(t, { data: first.data });
  await second.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  t.is((await filesIn(path.join(folder, 'blobs'))).length, 1);
  t.deepEqual(await filesIn(path.join(first.data, 'tmp')), []);
});

test('a record that was damaged from outside is named, not guessed at', async t => {
  const first = await startServer(t);
  await first.client.send(new CreateBucketCommand({ Bucket }));
  await first.service.close();
  await writeFile(path.join(first.data, 'buckets', Bucket, 'bucket.json'), '{"name":');
  const error = await t.throwsAsync(startServer(t, { data: first.data }), { instanceOf: LocalAwsError });
  t.true(error?.message.includes('bucket.json'));
  t.like(await failureOf(first.client.send(new ListObjectsV2Command({ Bucket: 'none' }))), {
    code: 'NoSuchBucket',
  });
});
