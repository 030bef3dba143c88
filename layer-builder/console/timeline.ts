/** Pure: one invocation as the console draws it, its cold start taken apart. */

/** What local-aws tells of an invocation, as far as it is drawn. */
export interface Invocation {
  readonly functionName: string;
  readonly version: string;
  readonly requestId: string;
  readonly at: number;
  readonly cold: boolean;
  readonly initMs?: number | undefined;
  readonly durationMs: number;
  readonly usedMb: number;
  readonly error?: string | undefined;
  readonly status: string;
  readonly logTail: string;
}

export interface DrawnInvocation extends Omit<Invocation, 'logTail'> {
  /** Where the dependencies came from, by artifact; empty for a warm one or one that failed. */
  readonly sources: Readonly<Record<string, string>>;
  /** Milliseconds a phase of the init, in the order in which they happened. */
  readonly phases: Readonly<Record<string, number>>;
  /** Lines of the log that say what went wrong. */
  readonly troubles: readonly string[];
}

/** Reads the handler's "cold start" line and its warnings out of the log. */
export function drawInvocation({ logTail, ...invocation }: Invocation): DrawnInvocation {
  const lines = logTail.split('\n').flatMap(parseLine);
  const start = lines.find(line => line['message'] === 'cold start');
  const troubles = lines
    .filter(line => line['level'] === 'ERROR' || line['level'] === 'WARN')
    .map(line => describe(line))
    .filter(text => text !== 'request');
  return { ...invocation, ...startOf(start), troubles };
}

type Line = Readonly<Record<string, unknown>>;

function parseLine(text: string): Line[] {
  if (!text.startsWith('{')) return [];
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}

/** `artifacts: [{name, source}]` and `phases: {core: {choose: 0.4, …}, app: {import: 60}}` of the handler's line. */
function startOf(line: Line | undefined): Pick<DrawnInvocation, 'sources' | 'phases'> {
  const artifacts = (line?.['artifacts'] ?? []) as readonly Line[];
  const phases = (line?.['phases'] ?? {}) as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return {
    sources: Object.fromEntries(artifacts.map(({ name, source }) => [String(name), String(source)])),
    phases: Object.fromEntries(
      Object.entries(phases).flatMap(([part, figures]) =>
        Object.entries(figures).map(([phase, ms]) => [`${part} ${phase}`, ms]),
      ),
    ),
  };
}

function describe(line: Line): string {
  const error = line['error'] as Line | undefined;
  const code = error?.['code'] === undefined ? '' : `${String(error['code'])}: `;
  return error === undefined ? String(line['message']) : `${code}${String(error['message'])}`;
}
