/** Which keys are valid now, and whether one that was presented is among them. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secrets/secret.ts';

export interface Keys {
  /** `closed`: the server has no valid key at all. Throws when a reference cannot be resolved. */
  check(presented: string): Promise<'valid' | 'invalid' | 'closed'>;
  /** `closed` or `open`, for a request that presents nothing. */
  state(): Promise<'open' | 'closed'>;
}

/** Stands in for a key that is not configured, so that the number of comparisons never varies. */
const nobody = randomBytes(32);

/** The current key and, while keys are rotated, the previous one. Without a current key the server is closed. */
export function createKeys(current: Secret, previous: Secret): Keys {
  /** By key, made once each: the time of a check does not depend on how long the keys are. */
  const known = new Map<string, Buffer>();

  function digestOf(key: string): Buffer {
    const made = known.get(key);
    if (made !== undefined) return made;
    // a key that was rotated out is not kept
    if (known.size >= 2) known.clear();
    const fresh = digest(key);
    known.set(key, fresh);
    return fresh;
  }

  async function digests(): Promise<readonly [Buffer, Buffer] | undefined> {
    const [now, before] = await Promise.all([current.read(), previous.read()]);
    if (now === undefined) return undefined;
    return [digestOf(now), before === undefined ? nobody : digestOf(before)];
  }

  return {
    async state() {
      return (await digests()) === undefined ? 'closed' : 'open';
    },
    async check(presented) {
      const sent = digest(presented);
      const valid = await digests();
      if (valid === undefined) return 'closed';
      if (matches(sent, valid)) return 'valid';
      if (!current.isReference && !previous.isReference) return 'invalid';
      const changed = await Promise.all([refresh(current), refresh(previous)]);
      const renewed = changed.includes(true) ? await digests() : undefined;
      return renewed !== undefined && matches(sent, renewed) ? 'valid' : 'invalid';
    },
  };
}

/** Digests have one length, and both comparisons always happen: neither length nor order tells anything. */
function matches(sent: Buffer, [current, previous]: readonly [Buffer, Buffer]): boolean {
  const first = timingSafeEqual(sent, current);
  const second = timingSafeEqual(sent, previous);
  return first || second;
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** A store that is down makes a wrong key no less wrong. */
async function refresh(secret: Secret): Promise<boolean> {
  return secret.refresh().catch(() => false);
}
