/** start: the whole flow on S3 and Lambda of this machine; stays and serves until Ctrl-C, or once. */
import { isAbsolute, join } from 'node:path';
import type { Command, CommandContext } from '../command.ts';
import { fail } from '../errors.ts';
import { rehearsalData, runMainJob } from '../start/index.ts';
import { formatMainJob } from '../start/report.ts';

export const command: Command = {
  name: 'start',
  summary: 'the whole flow on S3 and Lambda of this machine: build, publish, deploy twice, serve',
  usage: 'layer-builder start [--once] [--port N] [--url-port N] [--data DIR]',
  example: 'layer-builder start --once --json',
  options: {
    once: { type: 'boolean', help: 'print and stop instead of serving until Ctrl-C' },
    port: { type: 'string', default: '4566', help: 'port of S3 and Lambda; 0 for any free one' },
    'url-port': {
      type: 'string',
      default: '3000',
      help: 'first port of the function URLs; 0 for any free ones',
    },
    data: { type: 'string', help: 'folder of S3 and Lambda (default: .local-aws in the project)' },
  },
  async run(context, { values }) {
    const { startLocalAws } = await import('../../local-aws/index.ts');
    const local = await startLocalAws({
      port: portOf(values['port'], '--port'),
      urlPort: portOf(values['url-port'], '--url-port'),
      data: dataOf(context, values['data']),
      log: context.progress,
    }).catch(explainPort);
    let kept = false;
    try {
      context.say(`S3 and Lambda at ${local.endpoint}; ${local.sandbox.isolated}`);
      const job = await runMainJob(context, local.endpoint, local.credentials);
      const served = job.functions.every(({ status }) => status >= 200 && status < 300);
      const outcome = {
        data: { artifacts: job.artifacts, functions: job.functions },
        text: formatMainJob(job),
        exitStatus: served ? 0 : 1,
      } as const;
      if (values['once'] === true) return outcome;
      kept = true;
      return {
        ...outcome,
        text: `${outcome.text}\n\n  serving until Ctrl-C`,
        hold: async () => {
          await aborted(context.signal);
          await local.close();
        },
      };
    } finally {
      if (!kept) await local.close();
    }
  },
};

function portOf(value: string | boolean | undefined, option: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && value !== '') return port;
  return fail('USAGE', `${option} is no port (expected 0 to 65535, found "${String(value)}")`);
}

function dataOf(context: CommandContext, value: string | boolean | undefined): string {
  if (typeof value !== 'string') return rehearsalData(context.project);
  return isAbsolute(value) ? value : join(context.project, value);
}

function explainPort(error: unknown): never {
  const { code, port, option } = error as { code?: string; port?: number; option?: string };
  if (code !== 'EADDRINUSE') throw error;
  const flag = option === 'urlPort' ? '--url-port' : '--port';
  fail('PORT_TAKEN', `port ${port} is taken by another program (expected a free port, found one in use)`, {
    hint: `stop that program, or choose another port with ${flag} N`,
    details: { port, option: flag },
    cause: error,
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
