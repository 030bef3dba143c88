/** The recipes for other tools, each with what `publish --format` prints for it, read by that tool's own program. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseLock } from '../../artifact/lock.ts';
import { type Format, formatRelease } from '../../layer-builder/report/formats.ts';
import { judgeTerraform } from './terraform.ts';
import { bring, byProgram, execute, root, verdictOf, versions } from './tools.ts';
import type { Judgement } from './types.ts';

const region = 'us-east-1';
const hex = 'a'.repeat(64);
const lock = parseLock(
  JSON.stringify({
    ...{ formatVersion: 1, service: 'github-digest', runtime: 'nodejs24.x', architecture: 'x86_64' },
    artifacts: [
      {
        ...{ name: 'core', load: 'eager', size: 1, unpackedSize: 1, files: 1, packages: [] },
        ...{ digest: `sha256:${hex}`, tree: `sha256:${hex}`, s3: { key: `sha256/${hex}.zip` } },
        published: {
          [region]: {
            bucket: 'my-artifacts',
            layerVersionArn: `arn:aws:lambda:${region}:123456789012:layer:github-digest-core:3`,
          },
        },
      },
    ],
  }),
);

export async function recipes(): Promise<readonly Judgement[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'recipes-'));
  try {
    return [
      ...(await judgeCdk(placeFor(folder, 'cdk', 'cdk.ts', 'layers.json'))),
      await judgeSam(placeFor(folder, 'sam', 'sam.yaml', 'layers.yaml')),
      ...(await judgeServerless(placeFor(folder, 'serverless', 'serverless.yml', 'layers.yml'))),
      ...(await judgeTerraform(placeFor(folder, 'terraform', 'terraform.tf', 'layers.auto.tfvars.json'))),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder as the recipe's head says: the recipe, what was published, the function package. */
function placeFor(folder: string, format: Format, recipe: string, published: string): string {
  const place = path.join(folder, format);
  mkdirSync(path.join(place, '.layer-builder'), { recursive: true });
  cpSync(path.join(root, 'docs/recipes', recipe), path.join(place, recipe));
  writeFileSync(path.join(place, published), `${formatRelease(format, lock, 'github-digest-1')}\n`);
  // An empty zip: no tool looks inside.
  writeFileSync(
    path.join(place, '.layer-builder/function.zip'),
    Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex'),
  );
  return place;
}

/** Types against the library's declarations, then a synthesis; the template that comes of it is judged as SAM's is. */
async function judgeCdk(place: string): Promise<Judgement[]> {
  const judge = `aws-cdk-lib ${versions['aws-cdk-lib']}`;
  const tools = await bring('aws-cdk-lib', 'constructs');
  symlinkSync(path.join(tools, 'node_modules'), path.join(place, 'node_modules'));
  writeFileSync(path.join(place, 'package.json'), '{"type":"module"}');
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--typeRoots',
    path.join(root, 'node_modules/@types'),
    '--types',
    'node',
  ];
  const typed = await execute(path.join(root, 'node_modules/.bin/tsc'), [...flags, 'cdk.ts'], { cwd: place });
  const env = { ...process.env, AWS_REGION: region, CDK_OUTDIR: path.join(place, 'out') };
  const made = await execute(process.execPath, ['cdk.ts'], { cwd: place, env });
  return [
    verdictOf('docs/recipes/cdk.ts, its types', judge, typed),
    verdictOf('docs/recipes/cdk.ts, synthesized', judge, made),
    await byProgram('cfn-lint', 'the template of docs/recipes/cdk.ts', () =>
      lintMade(path.join(place, 'out/GithubDigest.template.json')),
    ),
  ];
}

/** cfn-lint runs AWS's own SAM translator and holds what comes of it against CloudFormation's schema. */
async function judgeSam(place: string): Promise<Judgement> {
  const parts = ['sam.yaml', 'layers.yaml'].map(name => readFileSync(path.join(place, name), 'utf8'));
  writeFileSync(path.join(place, 'template.yaml'), parts.join(''));
  return await byProgram('cfn-lint', 'docs/recipes/sam.yaml', () =>
    execute('cfn-lint', [path.join(place, 'template.yaml')]),
  );
}

/** osls is version 3 of the framework, carried on without an account; `configValidationMode: error` makes it strict. */
async function judgeServerless(place: string): Promise<Judgement[]> {
  const tools = await bring('osls');
  const env = {
    ...process.env,
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region },
    ...{ SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  };
  const program = path.join(tools, 'node_modules/osls/bin/serverless.js');
  const made = await execute(process.execPath, [program, 'package'], { cwd: place, env });
  return [
    verdictOf('docs/recipes/serverless.yml', `osls ${versions.osls}`, made),
    await byProgram('cfn-lint', 'the template of docs/recipes/serverless.yml', () =>
      lintMade(path.join(place, '.serverless/cloudformation-template-update-stack.json')),
    ),
  ];
}

/** What a tool adds to a template by itself is its own matter: warnings do not count. */
function lintMade(file: string) {
  return execute('cfn-lint', ['--non-zero-exit-code', 'error', file]);
}
