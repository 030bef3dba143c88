/** R4: the locked bytes of an artifact from S3, whole and verified, or a coded error, before the deadline. */
import type { LockArtifact } from '../../artifact/lock.ts';
import { HandlerError } from '../errors.ts';
import { roomFor } from '../memory.ts';
import type { PhaseTimer } from '../phases.ts';
import type { LoaderSettings } from '../settings.ts';
import type { Moments } from './attempt.ts';
import { attempt } from './attempt.ts';
import type { Credentials } from './credentials.ts';
import type { History, Trouble, Verdict } from './decide.ts';
import { decide } from './decide.ts';
import { createParcel } from './parcel.ts';
import { pauseMs } from './pause.ts';
import { signGet } from './sign.ts';
import type { Target } from './target.ts';
import { targetOf, urlOf } from './target.ts';

/**
 * Downloads an artifact. The bytes returned have the lock's size and SHA-256; nothing has parsed them.
 * Two attempts never mix: bytes are continued only under the same strong ETag, and the digest decides at the end.
 *
 * Throws `DEPS_ACCESS_DENIED`, `DEPS_NOT_FOUND`, `DEPS_NO_BUCKET`, `DEPS_REGION`, `DEPS_CLOCK`, `DEPS_CREDS`,
 * `DEPS_THROTTLED`, `DEPS_UNREACHABLE`, `DEPS_TIMEOUT`, `DEPS_DIGEST`, `DEPS_RESPONSE`.
 */
export async function download(
  artifact: LockArtifact,
  settings: LoaderSettings,
  untilMs: number,
  timer: PhaseTimer,
): Promise<Buffer> {
  const { clock, limits } = settings;
  const startedAt = clock.monotonic();
  const left = () => untilMs - clock.monotonic();
  const parcel = createParcel(artifact.size, () => roomFor(artifact, settings));
  const moments: Moments = {};
  let target = targetOf(artifact, settings.region);
  const readCredentials = async (): Promise<Credentials> => {
    try {
      return await settings.credentials(Math.max(1, left()));
    } catch (error) {
      throw withFacts(error, artifact, target);
    }
  };
  let credentials = await readCredentials();
  let skewMs = 0;
  let history: History = {
    attempts: 0,
    wrongs: 0,
    isRedirected: false,
    isClockCorrected: false,
    isRenewed: false,
    region: target.region,
  };
  let last: Trouble | undefined;

  while (left() > 0) {
    const url = urlOf(target, settings);
    const sign = (headers: Record<string, string>) =>
      signGet(url, headers, { credentials, region: target.region, at: new Date(clock.wall() + skewMs) });
    moments.connectedAt = undefined;
    last = withoutSecrets(await attempt(url, sign, parcel, settings, untilMs, moments), credentials);
    if (last === undefined) {
      const receivedAt = clock.monotonic();
      const digest = parcel.digest();
      if (digest === artifact.digest) {
        notePhases(timer, startedAt, moments, receivedAt);
        return parcel.bytes();
      }
      last = { kind: 'wrong', found: digest };
    }
    history = {
      ...history,
      attempts: history.attempts + 1,
      wrongs: history.wrongs + (last.kind === 'wrong' ? 1 : 0),
    };
    const verdict = decide(last, history, limits);
    switch (verdict.do) {
      case 'fail':
        throw failure(verdict, artifact, target, last, history);
      case 'retry': {
        if (verdict.restart) parcel.restart();
        const waitMs = verdict.afterMs ?? pauseMs(history.attempts, limits, settings.random);
        // A pause that ends after the deadline would only waste it.
        if (waitMs >= left()) throw failure(outOfTime(last), artifact, target, last, history);
        settings.log({
          level: 'info',
          event: 'retry',
          artifact: artifact.name,
          attempt: history.attempts,
          reason: verdict.reason,
          waitMs: Math.round(waitMs),
        });
        await clock.sleep(waitMs);
        break;
      }
      // The three corrections below happen once each and are no attempts: they cost nothing but themselves.
      case 'region':
        target = { ...target, region: verdict.region };
        history = { ...history, attempts: history.attempts - 1, isRedirected: true, region: verdict.region };
        break;
      case 'clock':
        skewMs = verdict.date - clock.wall();
        history = { ...history, attempts: history.attempts - 1, isClockCorrected: true };
        break;
      case 'credentials':
        credentials = await readCredentials();
        history = { ...history, attempts: history.attempts - 1, isRenewed: true };
        break;
    }
  }
  throw failure(outOfTime(last), artifact, target, last, history);
}

/** The deadline is over. What stood in the way last gives the code when it has one of its own. */
function outOfTime(last: Trouble | undefined): Verdict & { do: 'fail' } {
  const hint = 'raise DEPS_DEADLINE_MS if the artifact is large, or attach the layer';
  if (last?.kind === 'refused' && (last.refusal.status === 503 || last.refusal.status === 429)) {
    return { do: 'fail', code: 'DEPS_THROTTLED', found: `${last.refusal.status} until the deadline`, hint };
  }
  if (last?.kind === 'unreachable') return { do: 'fail', code: 'DEPS_UNREACHABLE', found: last.reason, hint };
  return { do: 'fail', code: 'DEPS_TIMEOUT', found: 'the deadline was over first', hint };
}

function failure(
  verdict: Verdict & { do: 'fail' },
  artifact: LockArtifact,
  target: Target,
  trouble: Trouble | undefined,
  history: History,
): HandlerError {
  const expected = `${artifact.size} bytes with ${artifact.digest}`;
  return new HandlerError(
    verdict.code,
    `${artifact.name} cannot be loaded from s3://${target.bucket}/${target.key} (expected ${expected}, found ${verdict.found})`,
    {
      hint: verdict.hint,
      details: {
        ...factsOf(artifact, target),
        expected,
        found: verdict.found,
        attempts: history.attempts,
        ...(trouble?.kind === 'refused' && {
          status: trouble.refusal.status,
          awsCode: trouble.refusal.code,
          awsMessage: trouble.refusal.message,
          awsRequestId: trouble.refusal.requestId,
        }),
        ...(verdict.code === 'DEPS_ACCESS_DENIED' && {
          missingPermission: /kms:Decrypt/.test(verdict.hint) ? 'kms:Decrypt' : 's3:GetObject',
        }),
      },
    },
  );
}

/** What every failure names: what was to be loaded, and from where. */
function factsOf(artifact: LockArtifact, target: Target): Readonly<Record<string, unknown>> {
  const { bucket, key, versionId, region } = target;
  return {
    artifact: artifact.name,
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    region,
    digest: artifact.digest,
    packages: artifact.packages.length,
  };
}

/** Credentials know nothing of artifacts. */
function withFacts(error: unknown, artifact: LockArtifact, target: Target): unknown {
  if (!(error instanceof HandlerError)) return error;
  const { code, message, hint, cause, details } = error;
  return new HandlerError(code, message, {
    hint,
    cause,
    details: { ...factsOf(artifact, target), ...details },
  });
}

/** A server may repeat what we sent; its sentence goes to the log, 300 characters of it. */
function withoutSecrets(trouble: Trouble | undefined, credentials: Credentials): Trouble | undefined {
  if (trouble?.kind !== 'refused') return trouble;
  const message = Object.values(credentials).reduce(
    (text: string, secret: string) => text.replaceAll(secret, '[redacted]'),
    trouble.refusal.message,
  );
  return { ...trouble, refusal: { ...trouble.refusal, message: message.slice(0, 300) } };
}

/** Earlier attempts and pauses are part of `connect`, so that the phases add up to the time that passed. */
function notePhases(timer: PhaseTimer, startedAt: number, moments: Moments, receivedAt: number): void {
  const answeredAt = moments.answeredAt ?? receivedAt;
  const connectedAt = Math.min(moments.connectedAt ?? answeredAt, answeredAt);
  timer.set('connect', connectedAt - startedAt);
  timer.set('firstByte', answeredAt - connectedAt);
  timer.set('download', receivedAt - answeredAt);
}
