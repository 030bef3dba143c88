/** `layer-builder conform`: our loader passes, a naive one does not, and the judge says why. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { formatReport, runConform } from '../../../layer-builder/conform/index.ts';
import { conformRows } from '../../../layer-builder/conform/rows.ts';

const naive = [process.execPath, fileURLToPath(new URL('../../support/naive-loader.ts', import.meta.url))];

test('our loader passes rows of every kind (all of them: layer-builder conform)', async t => {
  const rows = /^(A0|A1 |A12|A16|A20|B7|B8 a link|B9|B6 killed 4|B10|B11|C1 |C5|C8)/;
  // no row here waits for its deadline, and a busy machine needs time
  const report = await runConform([], { rows, deadlineMs: 60_000 });
  t.deepEqual(
    report.rows.filter(({ passed }) => !passed),
    [],
  );
  t.is(report.failed, 0);
  t.true(report.passed >= 15);
});

test('a naive loader loads what is sound, and fails where it matters', async t => {
  const seen: string[] = [];
  const rows = /^(A0|A1 |A16 one bit flipped, once|B9|B11|C5 a link to)/;
  const report = await runConform(naive, { rows, deadlineMs: 60_000, onRow: ({ id }) => seen.push(id) });
  t.deepEqual(
    report.rows.map(({ id, passed }) => [id, passed]),
    [
      ['A0', true],
      ['A1', false],
      ['A16', false],
      ['B9', false],
      ['B11', false],
      ['C5', false],
    ],
  );
  t.is(seen.length, 6);
  const text = formatReport(report);
  t.regex(text, /✘ A16 {2}one bit flipped, once\n {7}nodejs\/node_modules\/small\/bulk\.bin is another file/);
  t.regex(text, /writes through a planted link/);
  t.regex(text, /1 of 6 rows passed/);
});

test('a loader that hangs, talks or lies is found out', async t => {
  const one = { rows: /^A0/ };
  const judge = async (script: string) =>
    (await runConform([process.execPath, '-e', script], one)).rows[0]?.problems.join('; ') ?? '';
  t.regex(await judge('console.log("loaded")'), /no answer on the last line/);
  t.regex(await judge('console.log(JSON.stringify({ok:true,artifacts:[]}))'), /no root of the artifact/);
  t.regex(
    await judge('console.log(JSON.stringify({ok:true,artifacts:[{name:"core",root:"/nowhere"}]}))'),
    /is missing/,
  );
  t.regex(await judge('console.log(JSON.stringify({ok:false,error:{}}))'), /exit status 1 expected/);
  t.regex(await judge('console.log(process.env.AWS_SESSION_TOKEN)'), /prints a secret/);
  t.regex(await judge('require("fs").writeFileSync("left","")'), /writes outside of DEPS_DIR: "cwd\/left"/);
});

test('a command that cannot be started and a row that does not exist are wrong usage', async t => {
  await t.throwsAsync(runConform(['/nowhere/loader'], { rows: /^A0/ }), { code: 'USAGE', message: /ENOENT/ });
  await t.throwsAsync(runConform([], { rows: /^Z99/ }), { code: 'USAGE' });
});

test('a folder of archives is rows too; one that is not there is said', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'conform-archives-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await t.throwsAsync(runConform([], { archives: folder }), { code: 'NOT_FOUND', message: /MANIFEST\.json/ });
  const files = [
    { path: 'bad.zip', strict: 'reject' },
    { path: 'good.zip', strict: 'accept' },
  ];
  writeFileSync(path.join(folder, 'MANIFEST.json'), JSON.stringify({ files }));
  writeFileSync(path.join(folder, 'bad.zip'), 'no zip at all');
  const { rows } = await runConform(naive, { archives: folder, rows: /^C bad/, deadlineMs: 60_000 });
  t.deepEqual(
    rows.map(({ id, title }) => `${id} ${title}`),
    ['C bad.zip'],
  );
});

test('every row has a title of its own', t => {
  const titles = conformRows().map(({ id, title }) => `${id} ${title}`);
  t.is(new Set(titles).size, titles.length);
});
