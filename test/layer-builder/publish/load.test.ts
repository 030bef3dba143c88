/** load: the loader as Lambda runs it, from what was published. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { hereRuntime } from '../../support/artifact.ts';
import { findNodeFor } from '../../support/node-versions.ts';
import { runCommand } from '../cli/run.ts';
import { makeProject } from './project.ts';
import type { World } from './world.ts';
import { startWorld } from './world.ts';

let world: World;
let project: string;
test.before(async () => {
  world = await startWorld();
  await world.makeBucket('bucket-load');
  project = await makeProject({ service: 'load' });
  await publishProject(project, { bucket: 'bucket-load' }, world.env);
});
test.after.always(async () => {
  await world?.close();
});

const load = (...argv: string[]) => runCommand(['load', ...argv, '--project', project], world.env);

test('load --source s3 downloads, verifies, unpacks; a second time the copy is reused', async t => {
  const dir = mkdtempSync(path.join(tmpdir(), 'layer-builder-deps-'));
  const first = await load('--source', 's3', '--dir', dir);
  t.is(first.status, 0, first.text);
  t.is(first.data.artifacts[0].source, 's3');
  for (const phase of ['download', 'verify', 'unpack'])
    t.true(first.data.artifacts[0].phases[phase] >= 0, phase);
  const second = await load('--source', 's3', '--dir', dir);
  t.is(second.data.artifacts[0].source, 'tmp');
  t.is(readdirSync(dir).filter(name => name.startsWith('sha256-')).length, 1);
  rmSync(dir, { recursive: true });
});

test('load --source layer takes the build', async t => {
  const { data } = await load('--source', 'layer');
  t.is(data.artifacts[0].source, 'layer');
});

test('load --source layer without a build takes the published layer version', async t => {
  const clone = await makeProject({ service: 'load' });
  await publishProject(clone, { bucket: 'bucket-load' }, world.env);
  rmSync(path.join(clone, '.layer-builder'), { recursive: true });
  const { data } = await runCommand(['load', '--source', 'layer', '--project', clone], world.env);
  t.is(data.artifacts[0].source, 'layer');
});

test('load runs the Node of the lock, not the one of the command line', async t => {
  const runtime = hereRuntime === 'nodejs24.x' ? 'nodejs22.x' : 'nodejs24.x';
  const clone = await makeProject({ service: 'load', runtime });
  const name = `node-${process.platform}-${process.arch}`;
  const node = findNodeFor(runtime);
  if (node === undefined) {
    t.log(`SKIPPED: npm gives no Node for ${runtime}`);
    t.pass();
    return;
  }
  mkdirSync(path.join(clone, 'node_modules'));
  symlinkSync(path.dirname(path.dirname(node)), path.join(clone, 'node_modules', name));
  const { data } = await runCommand(['load', '--source', 'layer', '--project', clone], world.env);
  t.is(data.artifacts?.[0].source, 'layer', JSON.stringify(data));
});

test('load passes the loader’s own coded error on', async t => {
  const empty = mkdtempSync(path.join(tmpdir(), 'layer-builder-opt-'));
  t.is((await load('--source', 'layer', '--layer-root', empty)).data.code, 'DEPS_LAYER_MISMATCH');
  t.is((await load('--source', 'tape')).status, 2);
  rmSync(empty, { recursive: true });
});
