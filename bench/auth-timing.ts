/**
 * Whether the time of a refusal tells anything about the key: Welch's t-test in the manner of dudect
 * (https://eprint.iacr.org/2016/1123), fixed class against random class, |t| < 4.5 wanted.
 *
 *   node bench/auth-timing.ts [samples per class, default 100000]
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createKeys } from '../src/auth/keys.ts';
import { createSecret } from '../src/secrets/secret.ts';

type Check = (presented: string) => Promise<unknown>;

/** Calls before the first that counts: by then the code is compiled. */
const warmUp = 10_000;
const samples = Number(process.argv[2] ?? 100_000);
const key = randomBytes(24).toString('hex');
const none = async () => '';
const keys = createKeys(createSecret(key, none), createSecret(undefined, none));

/**
 * What an attacker would compare: a key that is nearly right, against keys of the same length that are wrong from the
 * first letter. The length of what is presented is the attacker's own and tells nothing of the key.
 */
const classes: Readonly<Record<string, () => string>> = {
  'all but the last letter right': () => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'),
  'the first half right': () => key.slice(0, 24) + randomBytes(12).toString('hex'),
  'one letter less': () => key.slice(0, -1),
};
const random = (length: number) => randomBytes(24).toString('hex').slice(0, length);

const report: Record<string, number> = {};
for (const [name, make] of Object.entries(classes)) {
  const { length } = make();
  report[name] = await compare(
    make,
    () => random(length),
    presented => keys.check(presented),
  );
}
/** The same test over what must not be done, to show that it would find it. */
report['control: a comparison that stops at the first difference'] = await compare(
  () => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'),
  () => random(key.length),
  async presented => stopEarly(presented),
);
process.stdout.write(`${JSON.stringify({ samples, t: report }, null, 2)}\n`);

/** Welch's t of the two classes, measured in random order; the slowest 5 % are the machine's and are cut off. */
async function compare(a: () => string, b: () => string, check: Check): Promise<number> {
  // All inputs are made beforehand, so that how they were made leaves no trace in caches or in the collector.
  const inputs = Array.from({ length: samples * 2 + warmUp }, () => {
    const which = randomInt(2) as 0 | 1;
    return { which, presented: Buffer.from(which === 0 ? a() : b()).toString('latin1') };
  });
  const times: [number[], number[]] = [[], []];
  for (const [index, { which, presented }] of inputs.entries()) {
    const start = process.hrtime.bigint();
    await check(presented);
    const time = Number(process.hrtime.bigint() - start);
    if (index >= warmUp) times[which].push(time);
  }
  const limit = quantile([...times[0], ...times[1]], 0.95);
  const [first, second] = times.map(list => moments(list.filter(time => time <= limit))) as [
    Moments,
    Moments,
  ];
  const t =
    (first.mean - second.mean) / Math.sqrt(first.variance / first.count + second.variance / second.count);
  return Math.round(t * 100) / 100;
}

interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function moments(list: readonly number[]): Moments {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (list.length - 1);
  return { count: list.length, mean, variance };
}

function quantile(list: readonly number[], part: number): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length * part)] ?? Number.POSITIVE_INFINITY;
}

function stopEarly(presented: string): boolean {
  for (let i = 0; i < key.length; i += 1) if (presented[i] !== key[i]) return false;
  return true;
}
