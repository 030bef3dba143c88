/** The Terraform recipe: parsed by Terraform's own parser, its resources held against the provider's schema. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bring, byProgram, execute, load, type Run, versions } from './tools.ts';
import type { Judgement } from './types.ts';

type Block = Readonly<Record<string, unknown>>;

/**
 * `terraform validate` would have to download the provider. Its schema is in the bindings that HashiCorp generated from
 * it (provider 6.25.0): names of arguments and blocks, and which are required.
 */
export async function judgeTerraform(place: string): Promise<readonly Judgement[]> {
  const { parse } = await load<{ default: { parse(file: string, text: string): Promise<Block> } }>(
    await bring('@cdktf/hcl2json'),
    '@cdktf/hcl2json/lib/index.js',
  ).then(module => module.default);
  const what = 'docs/recipes/terraform.tf';
  const document = await parse('terraform.tf', readFileSync(path.join(place, 'terraform.tf'), 'utf8'));
  const provider = path.join(await bring('@cdktf/provider-aws'), 'node_modules/@cdktf/provider-aws/lib');
  const problems = Object.entries(document['resource'] as Record<string, Record<string, Block[]>>).flatMap(
    ([type, named]) =>
      Object.entries(named).flatMap(([name, blocks]) =>
        blocks.flatMap(block => problemsOf(block, schemaOf(provider, type), `${type}.${name}`)),
      ),
  );
  const judge = `the schema in @cdktf/provider-aws ${versions['@cdktf/provider-aws']}`;
  const parsed = {
    what,
    judge: `@cdktf/hcl2json ${versions['@cdktf/hcl2json']}`,
    verdict: 'passed',
  } as const;
  return [
    parsed,
    problems.length === 0
      ? { what, judge, verdict: 'passed' }
      : { what, judge, verdict: 'failed', said: problems.join('; ') },
    await byProgram('terraform', `${what}, its form`, () =>
      execute('terraform', ['fmt', '-check', '-diff', '.'], { cwd: place }),
    ),
    await byProgram('terraform', `${what}, its variables filled by publish --format terraform`, () =>
      planVariables(place),
    ),
  ];
}

/** Variables and locals need no provider: Terraform itself plans them, with the values that were published. */
async function planVariables(place: string): Promise<Run> {
  const alone = path.join(place, 'variables');
  mkdirSync(alone);
  const text = readFileSync(path.join(place, 'terraform.tf'), 'utf8');
  const blocks = text.match(/^(variable|locals)\b[\s\S]*?^\}/gm) ?? [];
  writeFileSync(
    path.join(alone, 'main.tf'),
    `${blocks.join('\n')}\noutput "core" {\n  value = local.core\n}\n`,
  );
  cpSync(path.join(place, 'layers.auto.tfvars.json'), path.join(alone, 'layers.auto.tfvars.json'));
  const made = await execute('terraform', ['init', '-no-color'], { cwd: alone });
  if (made.status !== 0) return made;
  const plan = await execute('terraform', ['plan', '-no-color', '-input=false'], { cwd: alone });
  // A plan that found no layer would be an empty one.
  return /arn:aws:lambda:/.test(plan.stdout) ? plan : { ...plan, status: plan.status || 1 };
}

interface Schema {
  readonly required: ReadonlySet<string>;
  readonly optional: ReadonlySet<string>;
}

/** What a resource takes besides: Terraform's own arguments. */
const meta = new Set(['count', 'depends_on', 'for_each', 'lifecycle', 'provider', 'provisioner']);

function problemsOf(block: Block, { required, optional }: Schema, at: string): string[] {
  const given = Object.keys(block);
  return [
    ...given
      .filter(name => !required.has(name) && !optional.has(name) && !meta.has(name))
      .map(name => `${at} has no argument ${name}`),
    ...[...required].filter(name => !given.includes(name)).map(name => `${at} lacks ${name}`),
  ];
}

/** Reads `aws_lambda_function` → `LambdaFunctionConfig` of lambda-function/index.d.ts. */
function schemaOf(provider: string, type: string): Schema {
  const words = type.replace(/^aws_/, '').split('_');
  const text = readFileSync(path.join(provider, words.join('-'), 'index.d.ts'), 'utf8');
  const config = `${words.map(word => word[0]?.toUpperCase() + word.slice(1)).join('')}Config`;
  const body = new RegExp(`interface ${config} [^{]*\\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const members = [...body.matchAll(/^ {4}readonly (\w+)(\??):/gm)];
  if (members.length === 0) throw new Error(`the bindings have no ${config}`);
  const names = (mark: string) =>
    new Set(members.filter(([, , found]) => found === mark).map(([, name = '']) => snake(name)));
  return { required: names(''), optional: names('?') };
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`).replaceAll(/([a-z])(\d)/g, '$1$2');
}
