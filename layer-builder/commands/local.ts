/** `layer-builder local`: S3 and Lambda on this machine, until Ctrl-C. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { ensureBucket } from '../start/bucket.ts';
import { dataOf, localOptions, openLocal, removeLocal, untilAborted } from '../start/local.ts';
import { flagOf, textOf } from './values.ts';

const region = 'us-east-1';

export const command: Command = {
  name: 'local',
  summary: 'S3 and Lambda on this machine',
  usage: 'layer-builder local [--bucket BUCKET] [--port N] [--url-port N] [--data DIR] [--reset]',
  example: 'layer-builder local --port 4566 --data .local-aws',
  options: {
    bucket: { type: 'string', help: 'make this bucket, unless it is there' },
    ...localOptions,
    reset: { type: 'boolean', help: 'forget everything first' },
  },
  async run(context, { values }) {
    const data = dataOf(context, values);
    if (flagOf(values, 'reset')) await forget(data, context.project);
    const local = await openLocal(context, values);
    const environment = {
      AWS_ENDPOINT_URL: local.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
    };
    const bucket = textOf(values, 'bucket');
    if (bucket !== undefined) {
      try {
        await ensureBucket(environment, region, bucket);
      } catch (error) {
        await local.close();
        throw error;
      }
    }
    const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
    return {
      data: { endpoint: local.endpoint, data, environment },
      text: [
        `S3 and Lambda at ${local.endpoint}, on this machine only; data in ${data}`,
        local.sandbox.isolated,
        '',
        ...exports,
        '',
        // Debian 12's 2.9.19, for one, takes the variable for nothing and sends the call to AWS.
        'aws before 2.13 (1.29) ignores AWS_ENDPOINT_URL and calls AWS itself; there also:',
        `  alias aws='aws --endpoint-url ${local.endpoint}'`,
        '',
        'Ctrl-C stops it; what is stored stays',
      ].join('\n'),
      hold: async () => {
        await untilAborted(context.signal);
        await local.close();
      },
    };
  },
};

/** Deletes only what local-aws made: a mistyped `--data ~` must not cost a home folder. */
async function forget(data: string, project: string): Promise<void> {
  if (!existsSync(data)) return;
  const isOwn = path.basename(data) === '.local-aws' || readdirSync(data).every(name => ownNames.has(name));
  const holdsProject = `${path.resolve(project)}${path.sep}`.startsWith(`${data}${path.sep}`);
  if (!isOwn || holdsProject) {
    fail('USAGE', `will not delete ${data} (expected a folder of local-aws, found other files)`, {
      hint: 'delete it yourself, or name another folder with --data',
    });
  }
  await removeLocal(data);
}

/** What local-aws keeps in its data folder. */
const ownNames: ReadonlySet<string> = new Set(['s3', 'lambda', 'logs', 'alarms', 'roles', 'api-key']);
