/** Megabytes resident after 20,000 requests, each adapter in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Summary } from '../support/statistics.ts';
import { summarise } from '../support/statistics.ts';

export const memoryRequests = 20_000;
const processes = 7;
const script = fileURLToPath(new URL('memory-process.ts', import.meta.url));

export type MemoryFigure = 'edge' | 'serverless-http' | 'Hono';

export async function measureMemory(): Promise<Readonly<Record<MemoryFigure, Summary>>> {
  const samples: Record<MemoryFigure, number[]> = { edge: [], 'serverless-http': [], Hono: [] };
  for (let run = 0; run < processes; run += 1) {
    for (const name of Object.keys(samples) as MemoryFigure[]) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, name, String(memoryRequests)]);
      samples[name].push(Number(stdout));
    }
  }
  return {
    edge: summarise(samples.edge),
    'serverless-http': summarise(samples['serverless-http']),
    Hono: summarise(samples.Hono),
  };
}
