/** `layer-builder local`: S3 and Lambda on this machine, until Ctrl-C. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Command, CommandArguments } from '../command.ts';
import type { BuilderError } from '../errors.ts';
import { fail } from '../errors.ts';
import { flagOf, textOf } from './values.ts';

const region = 'us-east-1';

export const command: Command = {
  name: 'local',
  summary: 'S3 and Lambda on this machine',
  usage: 'layer-builder local [--port N] [--url-port N] [--data DIR] [--reset]',
  example: 'layer-builder local --port 4566 --data .local-aws',
  options: {
    port: { type: 'string', default: '4566', help: 'port of S3 and Lambda; 0 takes any free one' },
    'url-port': {
      type: 'string',
      default: '3000',
      help: 'first port of function URLs; 0 takes any free ones',
    },
    data: { type: 'string', default: '.local-aws', help: 'folder that keeps everything, below the project' },
    reset: { type: 'boolean', help: 'forget everything first' },
  },
  async run(context, { values }) {
    const port = portOf(values, 'port');
    const urlPort = portOf(values, 'url-port');
    const data = path.resolve(context.project, textOf(values, 'data') ?? '');
    if (flagOf(values, 'reset')) forget(data, context.project);
    // Only here and in `start`: nobody else pays for loading it.
    const { startLocalAws } = await import('../../local-aws/index.ts');
    const local = await startLocalAws({ port, urlPort, data, log: context.progress }).catch(explain);
    const environment = {
      AWS_ENDPOINT_URL: local.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
    };
    const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
    return {
      data: { endpoint: local.endpoint, data, environment },
      text: [
        `S3 and Lambda at ${local.endpoint}, on this machine only; data in ${data}`,
        '',
        ...exports,
        '',
        'Ctrl-C stops it; what is stored stays',
      ].join('\n'),
      hold: async () => {
        await aborted(context.signal);
        await local.close();
      },
    };
  },
};

function portOf(values: CommandArguments['values'], name: string): number {
  const word = textOf(values, name) ?? '';
  const port = Number(word);
  if (/^\d{1,5}$/.test(word) && port <= 65_535) return port;
  return fail('USAGE', `no port (expected --${name} 0 to 65535, found "${word}")`);
}

/** Deletes only what local-aws made: a mistyped `--data ~` must not cost a home folder. */
function forget(data: string, project: string) {
  if (!existsSync(data)) return;
  const isOwn = path.basename(data) === '.local-aws' || readdirSync(data).every(name => ownNames.has(name));
  const holdsProject = `${path.resolve(project)}${path.sep}`.startsWith(`${data}${path.sep}`);
  if (!isOwn || holdsProject) {
    fail('USAGE', `will not delete ${data} (expected a folder of local-aws, found other files)`, {
      hint: 'delete it yourself, or name another folder with --data',
    });
  }
  rmSync(data, { recursive: true, force: true });
}

/** What local-aws keeps in its data folder. */
const ownNames: ReadonlySet<string> = new Set(['s3', 'lambda']);

/** Errors of local-aws have codes of their own, for it knows nothing of ours and of our options. */
function explain(cause: unknown): never {
  const { code, message, hint, details = {} } = cause as Partial<BuilderError>;
  if (code === undefined || message === undefined) throw cause;
  if (code !== 'PORT_TAKEN') {
    fail('LOCAL_FAILED', message, { ...(hint ? { hint } : {}), details: { ...details, code }, cause });
  }
  const option = details['option'] === 'urlPort' ? '--url-port' : '--port';
  return fail(
    'PORT_TAKEN',
    `port ${details['port']} is taken (expected a free port, found another program on it)`,
    {
      hint: `stop that program, or choose another port with ${option}; ${option} 0 takes any free one`,
      details: { port: details['port'], option },
      cause,
    },
  );
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
