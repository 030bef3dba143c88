/** Calls a function URL as a client would and reads off the answer what the cold start was made of. */

export interface Call {
  readonly status: number;
  /** Milliseconds from sending the request to the whole body. */
  readonly ms: number;
  readonly body: string;
  /** Milliseconds a phase as the handler reports them, once an execution environment, in Server-Timing. */
  readonly timings: Readonly<Record<string, number>>;
}

/** One GET; a connection of its own, so that a warm call is not flattered by keep-alive of the cold one. */
export async function callUrl(url: string, headers: Readonly<Record<string, string>>): Promise<Call> {
  const start = performance.now();
  const answer = await fetch(url, { headers: { ...headers, connection: 'close' } });
  const body = await answer.text();
  const ms = performance.now() - start;
  return {
    status: answer.status,
    ms,
    body,
    timings: parseServerTiming(answer.headers.get('server-timing') ?? ''),
  };
}

/** The durations of a Server-Timing header by name. https://www.w3.org/TR/server-timing/ */
export function parseServerTiming(header: string): Readonly<Record<string, number>> {
  const entries = header.split(',').flatMap(item => {
    const [name = '', ...parameters] = item.split(';').map(part => part.trim());
    const duration = parameters.find(parameter => parameter.startsWith('dur='))?.slice('dur='.length);
    return name === '' || duration === undefined ? [] : [[name, Number(duration)] as const];
  });
  return Object.fromEntries(entries.filter(([, duration]) => Number.isFinite(duration)));
}
