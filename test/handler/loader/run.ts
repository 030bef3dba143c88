/** Runs the loader against a scripted S3, and checks what holds for every row of FAULTS.md A. */
import { existsSync, readdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { storeName } from '../../../artifact/layout.ts';
import type { HandlerError, HandlerErrorCode } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { bucket, lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { ChaosS3, Step } from '../../support/chaos-s3.ts';
import { etagOf, startChaosS3 } from '../../support/chaos-s3.ts';
import type { LoaderWorld, WorldOptions } from '../../support/loader-world.ts';
import { loaderWorld, secret, token } from '../../support/loader-world.ts';

export const made = await makeArtifact({ ...smallPackage, 'small/filler.txt': filler(40_000) });
export const { zip } = made;
/** Where bodies break off. */
export const half = Math.floor(zip.length / 2);

export interface Run {
  readonly error: HandlerError | undefined;
  readonly s3: ChaosS3;
  readonly world: LoaderWorld;
}

/** Loads the artifact from a scripted S3; checks what holds for every row, and hands back the rest. */
export async function run(
  t: ExecutionContext,
  script: readonly Step[],
  more: WorldOptions = {},
  artifacts = [made],
): Promise<Run> {
  const s3 = await startChaosS3(...script);
  t.teardown(s3.close);
  const world = loaderWorld(t, s3.endpoint, more);
  let error: HandlerError | undefined;
  try {
    await resolveDependencies(lockOf(artifacts.map(({ artifact }) => artifact)), world.settings);
  } catch (caught) {
    error = caught as HandlerError;
  }
  checkAlways(t, { error, s3, world }, artifacts);
  await s3.idle();
  return { error, s3, world };
}

/** No secret anywhere, no final folder after a failure, no leftovers, the failure coded and with a next step. */
function checkAlways(t: ExecutionContext, { error, world }: Run, artifacts: readonly MadeArtifact[]): void {
  const said = JSON.stringify([error, error?.message, error?.hint, String(error?.cause), world.events]);
  for (const canary of [secret, token]) t.false(said.includes(canary), 'a secret shows');
  const left = existsSync(world.settings.dir) ? readdirSync(world.settings.dir) : [];
  t.deepEqual(
    left.filter(name => name.startsWith('.')),
    [],
  );
  if (error === undefined) {
    t.deepEqual(left.sort(), artifacts.map(({ artifact }) => storeName(artifact.digest)).sort());
    return;
  }
  t.is(error.name, 'HandlerError', error.stack);
  t.truthy(error.hint);
  if (artifacts.length === 1) t.deepEqual(left, [], 'a folder is left after a failure');
}

export interface Row {
  readonly script: readonly Step[];
  readonly more?: WorldOptions;
  readonly requests: number;
  /** Absent: it works in the end. */
  readonly code?: HandlerErrorCode;
  readonly hint?: RegExp;
  readonly found?: RegExp;
  readonly lastHasRange?: boolean;
  /** Why it was tried again, each time. */
  readonly again?: readonly (string | RegExp)[];
}

/** One bit is wrong. */
export const flipped = Buffer.from(zip);
flipped.writeUInt8((flipped[half] ?? 0) ^ 1, half);
export const hole = Buffer.from(zip).fill(0, half, half + 512);

/** Declares one test a row. */
export function testRows(rows: Readonly<Record<string, Row>>): void {
  for (const [title, row] of Object.entries(rows)) {
    // Rows with short bounds come first and one by one; on a busy machine they may ask more often than that.
    const isTimed = row.more !== undefined;
    (isTimed ? test.serial : test)(title, async t => {
      const { error, s3, world } = await run(t, row.script, row.more);
      t.is(error?.code, row.code, error?.message);
      if (isTimed) t.true(s3.requests.length >= row.requests, `${s3.requests.length}`);
      else t.is(s3.requests.length, row.requests);
      if (row.hint !== undefined) t.regex(error?.hint ?? '', row.hint);
      if (row.found !== undefined) t.regex(String(error?.details['found']), row.found);
      if (row.lastHasRange !== undefined) {
        const headers = s3.requests[row.requests - 1]?.headers;
        t.is(headers?.range, row.lastHasRange ? `bytes=${half}-${zip.length - 1}` : undefined);
        t.is(headers?.['if-match'], row.lastHasRange ? etagOf(zip) : undefined);
      }
      if (row.again !== undefined) {
        const reasons = world.events.flatMap(event => (event.event === 'retry' ? [event.reason] : []));
        t.is(reasons.length, row.again.length, reasons.join());
        for (const [index, reason] of row.again.entries()) t.regex(reasons[index] ?? '', new RegExp(reason));
      }
      if (error !== undefined) {
        t.is(error.details['bucket'], bucket);
        t.is(error.details['key'], made.artifact.s3.key);
        t.is(error.details['digest'], made.artifact.digest);
      }
    });
  }
}

function filler(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 7;
  for (let i = 0; i < length; i += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[i] = state >> 16;
  }
  return bytes;
}
