/** A build end to end: npm, files, zip, lock. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import unzipper from 'unzipper';
import type { TreeFile } from '../../../artifact/digest.ts';
import { digestOf, sha256Hex, treeOf } from '../../../artifact/digest.ts';
import { parseLock } from '../../../artifact/lock.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { buildOnce, codeOf, importing, listing, makeProject, write } from './project.ts';

// one CommonJS package with a dependency, one that is an ES module only
const dependencies = ['debug', 'is-stream'];
const built = buildOnce(t => makeProject(t, { dependencies }));

test('two builds of the same project give the same bytes, in folders of other names too', async t => {
  const { project, lock } = await built(t);
  const again = await buildProject(project, { force: true });
  const elsewhere = await buildProject(makeProject(t, { dependencies }));
  t.deepEqual(again.lock, lock);
  t.deepEqual(elsewhere.lock, lock);
  t.false(again.cached);
});

test('a build whose inputs did not change is found again, whatever the dates', async t => {
  const { project, lock } = await built(t);
  writeFileSync(join(project, 'app.js'), `// another comment\n${importing(dependencies)}`);
  const again = await buildProject(project);
  t.true(again.cached);
  t.deepEqual(again.lock, lock);
});

test('builds of one project at the same time take turns and agree; a killed one holds nobody up', async t => {
  const project = makeProject(t, { dependencies: ['ms'] });
  write(project, '.layer-builder/building', '999999999');
  write(project, '.layer-builder/work-999999999-00/left', 'over');
  const outcomes = await Promise.all([
    buildProject(project),
    buildProject(project, { force: true }),
    buildProject(project),
  ]);
  t.is(new Set(outcomes.map(({ lock }) => lock.artifacts[0]?.digest)).size, 1);
  t.deepEqual(
    readdirSync(join(project, '.layer-builder')).filter(name => /^(work-|building)/.test(name)),
    [],
  );
});

test('an artifact that was damaged on disk is built again', async t => {
  const { project, artifacts } = await built(t);
  const path = artifacts[0]?.path ?? '';
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
  t.false((await buildProject(project)).cached);
  t.deepEqual(readFileSync(path), bytes);
});

test('the zip is a layer: sorted, undated, without descriptors, its marker tells the tree of the rest', async t => {
  const { project, lock, artifacts } = await built(t);
  const [artifact] = artifacts;
  if (!artifact) return t.fail();
  const zip = readFileSync(artifact.path);
  t.is(digestOf(zip), artifact.digest);
  const { files } = await unzipper.Open.buffer(zip);
  const paths = files.map(file => file.path);
  t.deepEqual(paths, [...paths].sort());
  for (const file of files) {
    t.is(file.flags & ~0x0800, 0, `${file.path} has flags ${file.flags}`);
    t.is(file.extraFieldLength, 0);
    t.is((file.lastModifiedDate << 16) | file.lastModifiedTime, 0x00216020);
    t.true([0o100644, 0o100755].includes(file.externalFileAttributes >>> 16));
    t.is(file.externalFileAttributes & 0xffff, 0);
  }
  for (const expected of [
    'nodejs/node_modules/debug/package.json',
    'nodejs/.layer-builder/core.sbom.json',
    'nodejs/.layer-builder/core.licenses.txt',
  ]) {
    t.true(paths.includes(expected), expected);
  }
  t.false(paths.some(path => /\.(d\.ts|map)$|README/.test(path)));
  const contents = await Promise.all(files.map(async file => ({ file, bytes: await file.buffer() })));
  const licenses = contents.find(({ file }) => file.path.endsWith('core.licenses.txt'));
  t.regex(String(licenses?.bytes), /^ms 2\.\d+\.\d+ \(MIT\)\n\n[\s\S]*Permission is hereby granted/m);
  const marker = contents.find(({ file }) => file.path === 'nodejs/.layer-builder/core.json');
  const tree = treeOf(
    contents
      .filter(item => item !== marker)
      .map(
        ({ file, bytes }): TreeFile => ({
          path: file.path,
          mode: (file.externalFileAttributes >>> 16) & 0o777,
          sha256: sha256Hex(bytes),
        }),
      ),
  );
  t.like(JSON.parse(String(marker?.bytes)), {
    name: 'core',
    tree,
    runtime: 'nodejs24.x',
    architecture: 'x86_64',
  });
  t.is(lock.artifacts[0]?.tree, tree);
  t.is(
    artifact.unpackedSize,
    contents.reduce((sum, { bytes }) => sum + bytes.length, 0),
  );
  t.deepEqual(parseLock(readFileSync(join(project, 'deps.lock.json'), 'utf8')), lock);
  t.deepEqual(
    artifact.packages.map(item => item.name),
    ['debug', 'is-stream', 'ms'],
  );
});

test('the SBOM names every package with its purl, hash, licence and dependencies', async t => {
  const { project } = await built(t);
  const sbom = JSON.parse(readFileSync(join(project, '.layer-builder/core.sbom.json'), 'utf8'));
  t.is(sbom.specVersion, '1.6');
  const debug = sbom.components.find((item: { name: string }) => item.name === 'debug');
  t.regex(debug.purl, /^pkg:npm\/debug@\d/);
  t.is(debug.hashes[0].alg, 'SHA-512');
  t.is(debug.hashes[0].content.length, 128);
  t.deepEqual(debug.licenses, [{ license: { id: 'MIT' } }]);
  const edges = sbom.dependencies.find((item: { ref: string }) => item.ref === debug['bom-ref']);
  t.regex(edges.dependsOn[0], /^pkg:npm\/ms@/);
});

test('only what the app imports is installed, and the project gets no node_modules', async t => {
  const project = makeProject(t, {
    dependencies: ['koa', 'ms'],
    files: {
      'src/app.ts': `import type K from 'koa';\nimport ms from 'ms';\nexport const app = (k: K) => ms('1s');\n`,
    },
  });
  const { lock } = await buildProject(project);
  t.deepEqual(
    lock.artifacts[0]?.packages.map(item => item.name),
    ['ms'],
  );
  t.false(existsSync(join(project, 'node_modules')));
  t.deepEqual(
    readdirSync(join(project, '.layer-builder')).filter(name => name.startsWith('work-')),
    [],
  );
});

test('what was published stays in the lock while the digest stays, and goes when it changes', async t => {
  const { project, lock, lockPath } = await built(t);
  const published = { 'eu-west-1': { bucket: 'b', layerVersionArn: 'arn:x' } };
  const pinned = { ...lock, artifacts: lock.artifacts.map(artifact => ({ ...artifact, published })) };
  writeFileSync(lockPath, JSON.stringify(pinned));
  t.deepEqual((await buildProject(project, { force: true })).lock.artifacts[0]?.published, published);
  writeFileSync(join(project, 'app.js'), importing(['ms']));
  t.deepEqual((await buildProject(project)).lock.artifacts[0]?.published, {});
});

test('several artifacts: what one includes is not in the one that takes the rest', async t => {
  const project = makeProject(t, {
    dependencies: ['debug', 'is-stream'],
    manifest: {
      'layer-builder': { artifacts: { core: {}, streams: { load: 'lazy', include: ['is-stream'] } } },
    },
  });
  const { lock } = await buildProject(project);
  t.deepEqual(
    lock.artifacts.map(({ name, load, packages }) => [name, load, packages.map(item => item.name)]),
    [
      ['core', 'eager', ['debug', 'ms']],
      ['streams', 'lazy', ['is-stream']],
    ],
  );
});

test('D25 a tarball that is not the one locked stops the build with INTEGRITY_MISMATCH, the last build stays', async t => {
  const { project } = await built(t);
  const before = listing(project);
  const lockfile = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  lockfile.packages['node_modules/ms'].integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  write(project, 'package-lock.json', lockfile);
  const changed = listing(project);
  t.is(await codeOf(t, buildProject(project)), 'INTEGRITY_MISMATCH');
  t.deepEqual(listing(project), changed);
  t.is(changed.length, before.length);
});

test('a package without integrity is refused before npm is asked', async t => {
  const project = makeProject(t, { dependencies: ['ms'] });
  const lockfile = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  delete lockfile.packages['node_modules/ms'].integrity;
  write(project, 'package-lock.json', lockfile);
  t.is(await codeOf(t, buildProject(project)), 'LOCKFILE_INVALID');
  t.false(existsSync(join(project, '.layer-builder')));
});
