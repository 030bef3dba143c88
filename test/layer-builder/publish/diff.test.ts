/** diff, status and the forms of other tools. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { parse as parseYaml } from 'yaml';
import type { Content } from '../../../layer-builder/plan/diff.ts';
import { diffContents } from '../../../layer-builder/plan/diff.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { formatDiff, formatDiffMarkdown } from '../../../layer-builder/report/diff.ts';
import type { Format } from '../../../layer-builder/report/formats.ts';
import { formatRelease, formats } from '../../../layer-builder/report/formats.ts';
import { runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});

const base: Content = {
  ...{ name: 'core', digest: 'sha256:1', size: 10, runtime: 'nodejs24.x', architecture: 'x86_64' },
  packages: [{ name: 'koa', version: '3.2.0', license: 'MIT' }],
  files: [{ path: 'a.js', size: 1, sha256: '1' }],
  imports: null,
};
const other = { ...base, digest: 'sha256:2' } as const;

const reasons: readonly [why: string, before: Content[], after: Content[]][] = [
  ['identical', [base], [base]],
  ['the artifact is new', [], [base]],
  ['the artifact is gone', [base], []],
  [
    'koa 3.2.0 → 3.3.0',
    [base],
    [{ ...other, packages: [{ name: 'koa', version: '3.3.0', license: 'MIT' }] }],
  ],
  ['removed koa 3.2.0', [base], [{ ...other, packages: [] }]],
  [
    'added ms 2.1.3 and 1 more package',
    [base],
    [
      {
        ...other,
        packages: [...base.packages, { name: 'ms', version: '2.1.3' }, { name: 'zod', version: '4.0.0' }],
      },
    ],
  ],
  [
    'added koa 2.0.0',
    [base],
    [{ ...other, packages: [...base.packages, { name: 'koa', version: '2.0.0' }] }],
  ],
  [
    'koa 3.2.0 has another licence or integrity',
    [base],
    [{ ...other, packages: [{ name: 'koa', version: '3.2.0', license: 'GPL-3.0' }] }],
  ],
  [
    'same packages, other files: b.js',
    [base],
    [{ ...other, files: [...base.files, { path: 'b.js', size: 1, sha256: '2' }] }],
  ],
  ['same files, packed in another way: another version of layer-builder or of zlib', [base], [other]],
  ['built for arm64 instead of x86_64', [base], [{ ...other, architecture: 'arm64' }]],
];

for (const [why, before, after] of reasons) {
  test(`diff says why the digest changed: ${why}`, t => {
    t.is(diffContents(before, after)[0]?.why, why);
  });
}

test('diff shows what imports took, of a package and together; what nobody measured is not known', t => {
  const before = { ...base, imports: { koa: 20.1, 'koa/lib/context': 1.2, ms: 0.5 } };
  const packages = [{ name: 'koa', version: '3.3.0', license: 'MIT' }];
  const after = { ...other, packages, imports: { koa: 25, zod: 3 } };
  const [diff] = diffContents([before], [after]);
  t.deepEqual(diff?.importMs, { before: 21.8, after: 28 });
  t.deepEqual(diff?.imports['ms'], { before: 0.5, after: null });
  t.deepEqual(diff?.packages[0]?.importMs, { before: 21.3, after: 25 });
  const text = formatDiff('a', 'b', diff ? [diff] : []);
  t.regex(
    text,
    /unpacked 1 B, import 21\.8 ms → 28\.0 ms \(\+6\.2 ms\)\n {2}koa 3\.2\.0 → 3\.3\.0, import 21\.3 ms → 25\.0 ms/,
  );
  t.regex(
    formatDiffMarkdown('a', 'b', diff ? [diff] : []),
    /\| koa \| 3\.2\.0 \| 3\.3\.0 \| MIT \| 21\.3 ms → 25\.0 ms/,
  );
  t.deepEqual(diffContents([base], [after])[0]?.importMs, { before: null, after: 28 });
  t.notRegex(formatDiff('a', 'b', diffContents([base], [other])), /import/);
});

test('diff of code says which files are other', t => {
  const code = { ...base, name: 'function package', kind: 'code', packages: [] } as const;
  const files = [{ path: 'app.mjs', size: 2, sha256: '2' }];
  t.is(
    diffContents([code], [{ ...code, digest: 'sha256:2', files }])[0]?.why,
    'other code: a.js and 1 more file',
  );
});

test('markdown of a hostile package name holds no markup', t => {
  const after = { ...other, packages: [{ name: '[x](http://evil)|<script>@team', version: '`1`' }] };
  const text = formatDiffMarkdown('a', 'b', diffContents([base], [after]));
  t.false(/[^\\][[<@|]script|[^\\]\[x|[^\\]@team/.test(text));
});

test('diff compares build, release, channel, layer, object and zip; --exit-code tells', async t => {
  const bucket = 'bucket-diff';
  await world.makeBucket(bucket);
  const project = await makeProject({
    service: 'diff',
    config: { bucket },
    app: 'export const handler = 1;',
  });
  const measure = (ms: number) => {
    const [artifact] = lockOf(project).artifacts;
    const artifacts = [{ digest: artifact?.digest, imports: [{ specifier: 'dep', ms }] }];
    writeFileSync(path.join(project, '.layer-builder', 'report.json'), JSON.stringify({ artifacts }));
  };
  measure(12.34);
  const { release = '' } = await publishProject(project, { channel: 'dev' }, world.env);
  const [old] = lockOf(project).artifacts;
  const packages = [{ name: 'dep', version: '2.0.0', license: 'MIT' }];
  const app = 'export const handler = 2;';
  await makeProject({ service: 'diff', config: { bucket }, artifacts: [{ packages }], app }, project);
  measure(23.45);
  const run = (...argv: string[]) => runCommand(['diff', ...argv, '--project', project], world.env);
  const file = path.join(project, '.layer-builder', 'artifacts');
  const zip = path.join(
    file,
    readdirSync(file).find(name => old && name.includes(old.digest.slice(7))) ?? '',
  );
  const words = [
    release,
    'dev',
    old?.published[region]?.layerVersionArn ?? '',
    `s3://${bucket}/${old?.s3.key}`,
    zip,
  ];
  for (const word of words) {
    const { data, status } = await run(word, 'build', '--exit-code');
    t.is(status, 1, word);
    t.is(data.artifacts[0].why, 'dep 1.0.0 → 2.0.0', word);
    t.is(data.artifacts[0].files.length, 2, word);
  }
  const { data } = await run(release, 'build');
  t.deepEqual(data.artifacts[0].packages[0].importMs, { before: 12.3, after: 23.5 });
  t.like(data.artifacts[1], { name: 'function package', why: 'other code: app.mjs' });
  t.is((await run(words[2] ?? '', 'build')).data.artifacts.length, 1);
  const same = await run(words[2] ?? '', words[3] ?? '', '--exit-code');
  t.is(same.status, 0);
  t.true(same.data.same);
  t.is((await run('nothing')).data.code, 'CHANNEL_EMPTY');
  t.is((await run('s3://bucket-diff/none.zip')).data.code, 'NOT_FOUND');
  t.regex(
    (await run('dev', '--markdown')).text,
    /\| dep \| 1\.0\.0 \| 2\.0\.0 \| MIT \| 12\.3 ms → 23\.5 ms/,
  );
});

test('status says what is published, where channels point and which functions have this build', async t => {
  const bucket = 'bucket-status';
  await world.makeBucket(bucket);
  const project = await makeProject({ service: 'status', config: { bucket } });
  const status = () => runCommand(['status', '--project', project], world.env);
  t.is((await status()).data.regions[0].artifacts[0].object, 'absent');
  const { release } = await publishProject(project, { channel: 'dev' }, world.env);
  const { CreateFunctionCommand } = await import('@aws-sdk/client-lambda');
  const { fileOf } = await import('../../../layer-builder/build/file.ts');
  const { writeZip } = await import('../../../layer-builder/build/zip.ts');
  const ZipFile = await writeZip([fileOf('index.mjs', 'export const handler = () => {};')]);
  const Layers = [lockOf(project).artifacts[0]?.published[region]?.layerVersionArn ?? ''];
  const common = {
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: 'arn:aws:iam::000000000000:role/test',
  } as const;
  await world.direct.lambda.send(
    new CreateFunctionCommand({ ...common, FunctionName: 'status__dev', Code: { ZipFile }, Layers }),
  );
  const { data, text } = await status();
  const [found] = data.regions;
  t.is(found.artifacts[0].layerVersionArn, Layers[0]);
  t.deepEqual(found.channels, [{ channel: 'dev', release }]);
  t.deepEqual(found.functions, [
    { name: 'status__dev', layers: Layers, source: null, aliases: [], digests: null, agrees: 'yes' },
  ]);
  t.regex(text, /function status__dev: status-core:1, this build/);
});

/** Region → artifact → what the tool gets to know. */
type Told = Record<string, Record<string, { arn: string; digest: string }>>;

const parts = ['us-east-1', 'eu-west-1'].map(region => ({
  region,
  artifacts: ['core', 'heavy-docs'].map(name => ({
    name,
    arn: `arn:aws:lambda:${region}:123456789012:layer:my-svc-${name}:3`,
  })),
}));

/** Each form as its tool reads it: the shell, a YAML or a JSON reader, the rules for names of CloudFormation. */
const readers: Record<string, (text: string) => Told> = {
  env(text) {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'format-')), 'layers.env');
    writeFileSync(file, text);
    const said = execFileSync('sh', ['-c', 'set -a; . "$0"; exec env', file], { env: {}, encoding: 'utf8' });
    rmSync(path.dirname(file), { recursive: true });
    const values = Object.fromEntries(said.split('\n').map(line => line.split(/=(.*)/s).slice(0, 2)));
    return toldBy((region, name) => {
      const word = (kind: string) => `DEPS_${name}_${kind}_${region}`.toUpperCase().replaceAll('-', '_');
      return { arn: values[word('ARN')] ?? '', digest: values[word('DIGEST')] ?? '' };
    });
  },
  sam(text) {
    const { Mappings } = parseYaml(text);
    const [[id, regions] = ['', {}], ...others] =
      Object.entries<Record<string, Record<string, string>>>(Mappings);
    if (others.length > 0 || !/^[A-Za-z0-9]{1,255}$/.test(id)) throw new Error(`mapping ${id}`);
    const names = Object.values(regions).flatMap(Object.keys);
    for (const key of names) if (!/^[A-Za-z0-9]{1,255}$/.test(key)) throw new Error(`name ${key}`);
    return toldBy((region, name) => {
      const own = name === 'heavy-docs' ? 'heavyDocs' : name;
      const { [own]: arn = '', [`${own}Digest`]: digest = '' } = regions[region] ?? {};
      return { arn, digest };
    });
  },
  serverless: text => withoutPlace(parseYaml(text)),
  terraform(text) {
    const { layer_builder: variable, ...others } = JSON.parse(text);
    if (Object.keys(others).length > 0) throw new Error('more than one variable');
    return withoutPlace(variable.regions);
  },
  cdk(text) {
    const { release, ...regions } = JSON.parse(text).context['layer-builder:my-svc'];
    return release === 'my-svc-x' ? withoutPlace(regions) : {};
  },
  json(text) {
    const { outputs } = JSON.parse(text);
    return toldBy((region, name) => {
      const [found, ...others] = outputs.filter(
        (output: { region: string; artifact: string }) =>
          output.region === region && output.artifact === name,
      );
      return others.length > 0
        ? { arn: 'twice', digest: '' }
        : { arn: found.layerVersionArn, digest: found.digest };
    });
  },
  ssm(text) {
    const values = new Map(
      text
        .split('\n')
        .map(line => line.split(' '))
        .map(([region, name, value = '']) => [`${region} ${name}`, value]),
    );
    return toldBy((region, name) => {
      const value = (kind: string) =>
        values.get(`${region} /layer-builder/my-svc/arm64/${name}/${kind}`) ?? '';
      return { arn: value('arn'), digest: value('digest') };
    });
  },
};

function toldBy(tell: (region: string, name: string) => { arn: string; digest: string }): Told {
  return Object.fromEntries(
    parts.map(({ region, artifacts }) => [
      region,
      Object.fromEntries(artifacts.map(({ name }) => [name, tell(region, name)])),
    ]),
  );
}

function withoutPlace(regions: Told): Told {
  return toldBy((region, name) => {
    const { arn = '', digest = '' } = regions[region]?.[name] ?? {};
    return { arn, digest };
  });
}

for (const [format, read] of Object.entries(readers)) {
  test(`--format ${format} gives ARNs and digests in that tool's own form`, async t => {
    const lock = lockOf(
      await makeProject({
        ...{ service: 'my-svc', architecture: 'arm64' },
        artifacts: [{ name: 'core' }, { name: 'heavy-docs', content: 'docs' }],
      }),
    );
    const artifacts = lock.artifacts.map(artifact => ({
      ...artifact,
      published: Object.fromEntries(
        parts.map(({ region, artifacts }) => {
          const layerVersionArn = artifacts.find(({ name }) => name === artifact.name)?.arn ?? '';
          return [region, { bucket: 'b', layerVersionArn }];
        }),
      ),
    }));
    const text = formatRelease(format as Format, { ...lock, artifacts }, 'my-svc-x');
    const expected = toldBy((region, name) => {
      const arn = `arn:aws:lambda:${region}:123456789012:layer:my-svc-${name}:3`;
      const digest = lock.artifacts.find(artifact => artifact.name === name)?.digest ?? '';
      return { arn, digest };
    });
    t.deepEqual(read(text), expected);
    if (format !== 'sam' && format !== 'serverless') t.regex(text, /my-svc-x/);
  });
}

test('every format is read back by its tool', t => {
  t.deepEqual(Object.keys(readers).sort(), [...formats].sort());
});

test('--format ssm writes the parameters, signed, and only those that differ', async t => {
  const values = new Map<string, string>();
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const input = JSON.parse(Buffer.concat(chunks).toString());
    const target = String(request.headers['x-amz-target']);
    t.regex(
      request.headers.authorization ?? '',
      /Credential=[\w:]+\/\d+\/us-east-1\/ssm\/aws4_request.*x-amz-target/,
    );
    if (target === 'AmazonSSM.PutParameter') {
      seen.push(input.Name);
      values.set(input.Name, input.Value);
    }
    const Parameters = (input.Names ?? []).flatMap((Name: string) =>
      values.has(Name) ? [{ Name, Value: values.get(Name) }] : [],
    );
    response.end(JSON.stringify({ Parameters }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = {
    ...world.env,
    AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
  };
  await world.makeBucket('bucket-ssm');
  const project = await makeProject({ service: 'ssm' });
  const publish = () =>
    runCommand(['publish', '--bucket', 'bucket-ssm', '--format', 'ssm', '--project', project], env);
  const { text } = await publish();
  t.regex(text, /\/layer-builder\/ssm\/x86_64\/core\/arn arn:aws:lambda:us-east-1:\d{12}:layer:ssm-core:1/);
  t.is(seen.length, 3);
  await publish();
  t.is(seen.length, 3);
  server.close();
});
