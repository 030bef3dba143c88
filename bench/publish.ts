/** Publishing: first, unchanged, and to four regions, in time and requests; the same calls by the aws command line. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProject } from '../layer-builder/build/index.ts';
import { startLocalAws } from '../local-aws/index.ts';
import { countRequests } from './publish/counter.ts';
import { byHand, ours } from './publish/ways.ts';
import { withFolder } from './support/folder.ts';
import { requirePrograms } from './support/programs.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf, rowsOf } from './support/result.ts';
import { interleave } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const home = 'us-east-1';
const four = [home, 'eu-west-1', 'eu-central-1', 'ap-southeast-2'];

export const bench: Bench = {
  name: 'publish',
  run(progress) {
    requirePrograms('aws');
    return withFolder('publish', folder => compare(folder, progress));
  },
};

async function compare(folder: string, progress: (line: string) => void): Promise<Result> {
  const data = join(folder, 'aws');
  const local = await startLocalAws({ port: 0, urlPort: 0, data, sandbox: 'process' });
  const counter = await countRequests(local.endpoint);
  try {
    const project = join(folder, 'project');
    const second = new URL('../test/fixtures/second-project', import.meta.url);
    cpSync(fileURLToPath(second), project, { recursive: true });
    await buildProject(project);
    const { accessKeyId, secretAccessKey } = local.credentials;
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ENDPOINT_URL: counter.endpoint,
      AWS_REGION: home,
      AWS_DEFAULT_REGION: home,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_MAX_ATTEMPTS: '1',
    };
    const world = { project, folder, env, counter };
    const contenders = [
      ...[[home], four].flatMap(regions => ours(world, regions)),
      ...[[home], four].flatMap(regions => byHand(world, regions)),
    ];
    return report(rowsOf(await interleave(contenders, rounds, 1, progress)));
  } finally {
    counter.close();
    await local.close();
  }
}

function report(rows: readonly Row[]): Result {
  const requests = (name: string) =>
    rows.find(({ contender }) => contender === name)?.figures['requests a region']?.median ?? Number.NaN;
  return {
    name: 'publish',
    title: 'Publishing a layer and an S3 object to local-aws',
    figure: 'ms',
    unit: 'ms',
    rows,
    targets: [
      ...['ours, unchanged', 'ours, 4 regions, unchanged'].map(name => ({
        text: `requests a region, ${name}, of 3`,
        ratio: requests(name) / 3,
        reach: 1,
      })),
      ...['first', 'unchanged', '4 regions, first', '4 regions, unchanged'].map(what => ({
        text: `ours over aws command line, ${what}`,
        ratio: ratioOf(rows, 'ms', `ours, ${what}`, `aws command line, ${what}`),
        reach: 1,
      })),
    ],
    notes: [
      'Every row is whole processes: one `layer-builder publish`; two `aws` commands a region for the first time (put-object, publish-layer-version), three when nothing changed (head-object twice, get-layer-version-by-arn), one after the other, as a script has them.',
      'Ours asks more at the first time: whether the object and the layer version are there, and it writes the record of the release.',
      'local-aws is on loopback, so a request costs a millisecond; on AWS it costs tens, and requests decide.',
    ],
  };
}
