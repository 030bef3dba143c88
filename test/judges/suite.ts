/** Runs test files of ours against a server that is not ours, and holds what it does not confirm against what is known. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execute, root } from './tools.ts';
import type { Judgement } from './types.ts';

/** In the failures of tests that look into our own server. */
const ownOnly = 'this test needs our own server';

/**
 * A test that the judge passes is confirmed. What it fails must be known, in `known/<judge>.txt`: there the judge is
 * laxer than AWS, or another program altogether. `UPDATE_KNOWN=1` writes that list anew, to be read before it is kept.
 */
export async function judgeSuite(
  name: string,
  about: { readonly what: string; readonly judge: string; readonly files: string },
  env: NodeJS.ProcessEnv,
): Promise<Judgement> {
  const { what, judge, files } = about;
  // One after the other: the judge has one state for all of them.
  const args = ['--tap', '--serial', '--concurrency', '1', files];
  const { stdout } = await execute(path.join(root, 'node_modules/.bin/ava'), args, {
    cwd: root,
    env: { ...process.env, ...env },
  });
  // A judge that cuts a connection may end a test file; what has no file before its title is no test.
  const results = [...stdout.matchAll(/^(ok|not ok) \d+ - (.* › .*)\n((?: {2}.*\n)*)/gm)];
  const confirmed = results.filter(([, outcome]) => outcome === 'ok');
  const refused = results.filter(
    ([, outcome, , details = '']) => outcome === 'not ok' && !details.includes(ownOnly),
  );
  const titles = refused.map(([, , title = '']) => title).sort();
  const file = path.join(import.meta.dirname, 'known', `${name}.txt`);
  if (process.env['UPDATE_KNOWN']) writeFileSync(file, titles.map(title => `${title}\n`).join(''));
  const known = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  const news = refused.filter(([, , title = '']) => !known.has(title));
  const counts = `${confirmed.length} tests confirmed, ${titles.length} not, as known; ${results.length - confirmed.length - titles.length} need our own server`;
  if (confirmed.length === 0)
    return { what, judge, verdict: 'failed', said: `no test ran\n${stdout.slice(-2000)}` };
  if (news.length === 0) return { what, judge, verdict: 'passed', said: counts };
  const shown = news.map(([, , title, details = '']) => `${title}\n${details.slice(0, 800)}`);
  return { what, judge, verdict: 'failed', said: `${counts}\nnew:\n${shown.join('\n')}` };
}
