/** The workflows of .github, read by GitHub's own parser and held against the schema; their steps run against local-aws. */
import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { rehearse } from './rehearse-workflow.ts';
import { bring, load, root, versions } from './tools.ts';
import type { Judgement } from './types.ts';

interface Parser {
  parseWorkflow(
    file: { name: string; content: string },
    trace: unknown,
  ): { context: { errors: { getErrors(): { message: string }[] } }; value?: unknown };
  convertWorkflowTemplate(
    context: unknown,
    value: unknown,
    fetcher: undefined,
    options: { errorPolicy: number },
  ): Promise<{ errors?: { Message: string }[]; jobs?: unknown[] }>;
  readonly NoOperationTraceWriter: new () => unknown;
}
interface Schema {
  validateWorkflow(text: string): { errors: unknown[] };
}

export async function workflows(): Promise<readonly Judgement[]> {
  // The parser is written for bundlers and imports JSON without saying so.
  registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  const parser = await load<Parser>(
    await bring('@actions/workflow-parser'),
    '@actions/workflow-parser/dist/index.js',
  );
  const schema = (
    await load<{ default: Schema }>(
      await bring('@action-validator/core'),
      '@action-validator/core/action_validator.js',
    )
  ).default;
  const folder = path.join(root, '.github/workflows');
  const judgements: Judgement[] = [];
  for (const name of readdirSync(folder).sort()) {
    const content = readFileSync(path.join(folder, name), 'utf8');
    judgements.push(
      judged(name, '@actions/workflow-parser', await parsed(parser, name, content)),
      judged(
        name,
        '@action-validator/core',
        schema.validateWorkflow(content).errors.map(error => JSON.stringify(error)),
      ),
    );
  }
  return [...judgements, await rehearse(path.join(folder, 'deploy.yml'))];
}

async function parsed(parser: Parser, name: string, content: string): Promise<string[]> {
  const { context, value } = parser.parseWorkflow({ name, content }, new parser.NoOperationTraceWriter());
  const errors = context.errors.getErrors().map(({ message }) => message);
  if (value === undefined) return [...errors, 'no workflow'];
  const { errors: found = [], jobs = [] } = await parser.convertWorkflowTemplate(context, value, undefined, {
    errorPolicy: 1,
  });
  return [...errors, ...found.map(({ Message }) => Message), ...(jobs.length === 0 ? ['no job'] : [])];
}

function judged(
  name: string,
  tool: '@actions/workflow-parser' | '@action-validator/core',
  errors: readonly string[],
): Judgement {
  const about = { what: `.github/workflows/${name}`, judge: `${tool} ${versions[tool]}` };
  return errors.length === 0
    ? { ...about, verdict: 'passed' }
    : { ...about, verdict: 'failed', said: errors.join('; ') };
}
