/** Several regions at once: each by itself, one release. */
import test from 'ava';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { isJudged, keysOf, layersOf, startWorld } from './world.ts';

const regions = ['us-east-1', 'eu-west-1', 'ap-south-1', 'sa-east-1'];
let world: World;
test.before(async () => {
  world = await startWorld(regions);
});
test.after.always(async () => {
  await world?.close();
});
test.afterEach.always(() => world?.proxy.reset());

async function setUp(service: string) {
  const project = await makeProject({ service });
  for (const region of regions) await world.makeBucket(`${service}-${region}`, region);
  const options = { bucket: `${service}-{region}`, regions, channel: 'prod' };
  return { project, options };
}

test.serial(
  'every region gets object, layer, release and channel; a second publish writes nothing',
  async t => {
    const { project, options } = await setUp('all');
    const report = await publishProject(project, options, world.env);
    t.is(report.writes, 4 * regions.length);
    for (const region of regions) {
      t.is((await keysOf(world, `all-${region}`, '', region)).length, 3);
      t.is((await layersOf(world, 'all-core', region)).length, 1);
      t.regex(lockOf(project).artifacts[0]?.published[region]?.layerVersionArn ?? '', new RegExp(region));
    }
    world.proxy.reset();
    t.is((await publishProject(project, options, world.env)).writes, 0);
    // A judge's S3 keeps no SHA-256 with an object: its bytes are read.
    t.is(world.proxy.calls.length, (isJudged ? 5 : 4) * regions.length);
  },
);

test.serial(
  'D19 region 2 of 4 fails: told per region, status 1, channels move where all is there, a rerun completes',
  async t => {
    const { project, options } = await setUp('dead');
    world.proxy.script = ({ region }) => (region === 'eu-west-1' ? { kind: 'drop-request' } : undefined);
    const argv = [
      'publish',
      '--project',
      project,
      '--bucket',
      options.bucket,
      '--regions',
      regions.join(),
      '--channel',
      'prod',
    ];
    const run = await runCommand(argv, world.env);
    t.is(run.status, 1);
    t.deepEqual(
      run.data.regions.map(
        (region: { complete: boolean; error: { code: string } | null }) =>
          region.error?.code ?? region.complete,
      ),
      [true, 'ENDPOINT_UNREACHABLE', true, true],
    );
    t.deepEqual(Object.keys(lockOf(project).artifacts[0]?.published ?? {}).sort(), [
      'ap-south-1',
      'sa-east-1',
      'us-east-1',
    ]);
    t.deepEqual(await keysOf(world, 'dead-eu-west-1', '', 'eu-west-1'), []);
    t.is((await keysOf(world, 'dead-us-east-1', 'channels/')).length, 1);
    world.proxy.reset();
    const resumed = await runCommand(['publish', '--project', project, '--resume'], world.env);
    t.is(resumed.status, 0);
    t.is((await keysOf(world, 'dead-eu-west-1', 'channels/', 'eu-west-1')).length, 1);
    for (const region of regions) t.is((await layersOf(world, 'dead-core', region)).length, 1);
  },
);
