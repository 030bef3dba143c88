/** start: the whole flow on S3 and Lambda of this machine; stays and serves until Ctrl-C, or once. */
import type { Command } from '../command.ts';
import { runMainJob } from '../start/index.ts';
import { dataOf, localOptions, openLocal, portOf, untilAborted } from '../start/local.ts';
import { formatMainJob } from '../start/report.ts';
import { flagOf } from './values.ts';

export const command: Command = {
  name: 'start',
  summary: 'the whole flow on S3 and Lambda of this machine: build, publish, deploy twice, serve',
  usage: 'layer-builder start [--once] [--port N] [--url-port N] [--console-port N] [--data DIR]',
  example: 'layer-builder start --once --json',
  options: {
    once: { type: 'boolean', help: 'print and stop instead of serving until Ctrl-C' },
    ...localOptions,
    'console-port': { type: 'string', default: '4567', help: 'port of the console; 0 takes any free one' },
  },
  async run(context, { values }) {
    const consolePort = portOf(values, 'console-port');
    const local = await openLocal(context, values);
    let stays = false;
    try {
      context.say(`S3 and Lambda at ${local.endpoint}; ${local.sandbox.isolated}`);
      const { endpoint, credentials } = local;
      const job = await runMainJob(context, { endpoint, credentials, data: dataOf(context, values) });
      const outcome = {
        data: { artifacts: job.artifacts, functions: job.functions, served: job.served },
        text: formatMainJob(job, flagOf(values, 'once') ? undefined : local),
        exitStatus: job.served ? 0 : 1,
      } as const;
      if (flagOf(values, 'once')) return outcome;
      const { openRehearsalConsole } = await import('../start/console.ts');
      const page = await openRehearsalConsole(local, job, { port: consolePort, project: context.project });
      stays = true;
      return {
        ...outcome,
        text: `${outcome.text}\n\n  console  ${page.url}\n\n  serving until Ctrl-C`,
        hold: async () => {
          await untilAborted(context.signal);
          await page.close();
          await local.close();
        },
      };
    } finally {
      if (!stays) await local.close();
    }
  },
};
