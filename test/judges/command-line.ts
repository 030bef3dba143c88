/** The `aws` command line against S3, Lambda, logs, alarms and roles of local-aws. */
import { byProgram, execute, root } from './tools.ts';
import type { Judgement } from './types.ts';

const files = [
  'test/local-aws/s3/command-line.test.ts',
  'test/local-aws/lambda/cli.test.ts',
  'test/local-aws/services/command-line.test.ts',
];

export async function commandLine(): Promise<readonly Judgement[]> {
  return [await byProgram('aws', 'local-aws', () => execute('npx', ['ava', ...files], { cwd: root }))];
}
