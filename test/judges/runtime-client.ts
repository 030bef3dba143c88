/** AWS's runtime client with its native part compiled: the judge of the Runtime API and of our stand-in for it. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureRuntimeClient } from '../../local-aws/runtime-client/install.ts';
import { findProgram } from '../../local-aws/sandbox/shell.ts';
import { execute, root, verdictOf } from './tools.ts';
import type { Judgement } from './types.ts';

const version = '4.0.2';

export async function runtimeClient(): Promise<readonly Judgement[]> {
  const about = { what: 'the Runtime API of local-aws', judge: `aws-lambda-ric ${version}, compiled` };
  const missing = ['cmake', 'make', 'g++', 'python3'].filter(name => !findProgram(name));
  if (missing.length > 0)
    return [{ ...about, verdict: 'skipped', said: `no ${missing.join(', ')} on this machine` }];
  const folder = mkdtempSync(path.join(tmpdir(), 'runtime-client-'));
  const standIn = path.join(await ensureRuntimeClient(), 'rapid-client.node');
  const kept = `${standIn}.ours`;
  try {
    writeFileSync(
      path.join(folder, 'package.json'),
      '{"private":true,"allowScripts":{"aws-lambda-ric":true}}',
    );
    const made = await execute('npm', ['install', '--no-audit', '--no-fund', `aws-lambda-ric@${version}`], {
      cwd: folder,
    });
    const native = path.join(folder, 'node_modules/aws-lambda-ric/rapid-client.node');
    if (made.status !== 0) return [verdictOf(about.what, `${about.judge} (it did not compile)`, made)];
    renameSync(standIn, kept);
    mkdirSync(standIn);
    cpSync(native, path.join(standIn, 'rapid-client.node'));
    writeFileSync(path.join(standIn, 'package.json'), '{"main":"rapid-client.node"}\n');
    const files = ['invoke', 'url'].map(name => `test/local-aws/lambda/${name}.test.ts`);
    return [verdictOf(about.what, about.judge, await execute('npx', ['ava', ...files], { cwd: root }))];
  } finally {
    try {
      renameSync(kept, `${kept}.back`);
      rmSync(standIn, { recursive: true, force: true });
      renameSync(`${kept}.back`, standIn);
    } catch {
      // It was never moved.
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
