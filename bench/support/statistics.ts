/** Medians and spreads: machines are noisy, so runs are interleaved and compared by ratios of medians. */

export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    runs: sorted.length,
  };
}

/** Linear between the two nearest samples. `sorted` is ascending and not empty. */
function quantile(sorted: readonly number[], at: number): number {
  const position = (sorted.length - 1) * at;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export interface Contender {
  readonly name: string;
  /** Takes part in the first so many rounds only: a contender that takes minutes. @default all */
  readonly atMost?: number;
  /** One run; answers the figure to compare, or several figures by name. */
  run(): Promise<Readonly<Record<string, number>>>;
}

/** By contender and figure. */
export type Samples = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/**
 * Runs every contender once a round, in an order that turns by one each round, so that what the machine does
 * meanwhile hits all alike. The first `warmups` rounds do not count. Answers samples by contender and figure.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  warmups: number,
  progress: (line: string) => void,
): Promise<Samples> {
  const samples = new Map<string, Record<string, number[]>>(contenders.map(({ name }) => [name, {}]));
  for (let round = -warmups; round < rounds; round++) {
    progress(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    for (let step = 0; step < contenders.length; step++) {
      const turn = (step + round + warmups) % contenders.length;
      const contender = contenders[turn] as Contender;
      if (round >= (contender.atMost ?? rounds)) continue;
      const figures = await contender.run();
      if (round < 0) continue;
      const own = samples.get(contender.name) ?? {};
      for (const [figure, value] of Object.entries(figures)) {
        own[figure] ??= [];
        own[figure].push(value);
      }
    }
  }
  return samples;
}
