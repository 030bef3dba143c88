/** The shared archives of other projects: refused, accepted with exactly their content, or as docs/security.md says. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isCodedError } from '../../../artifact/error.ts';
import { unpack } from '../../../handler/unpack.ts';
import { findReaders, readFolder } from '../../support/zips/readers.ts';
import type { Fixture } from './support.ts';
import { fixtures, readFixture, readFixtures, refused, temporaryFolder } from './support.ts';

const all = readFixtures();
const verdicts = Map.groupBy(all, fixture => fixture.strict);

if (all.length === 0) {
  test('the shared archives', t => {
    t.log(`SKIPPED: no archives at ${fixtures.href}`);
    t.pass();
  });
}

for (const fixture of verdicts.get('reject') ?? []) {
  test(`${rowOf(fixture)} ${fixture.path} is refused`, t => refused(t, readFixture(fixture)));
}

for (const fixture of verdicts.get('accept') ?? []) {
  test(`${rowOf(fixture)} ${fixture.path} is accepted`, t => {
    const into = join(temporaryFolder(t), 'into');
    const report = unpack(readFixture(fixture), into);
    t.is(Object.keys(readFolder(into)).length, report.files);
  });
}

if (all.length > 0) {
  test('C19 names of Object.prototype are plain files', t => {
    const into = join(temporaryFolder(t), 'into');
    unpack(fs.readFileSync(new URL('own/a09-proto-names.zip', fixtures)), into);
    t.deepEqual(fs.readdirSync(into).sort(), ['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    t.is(({} as Record<string, unknown>)['polluted'], undefined);
  });

  test('C17 what is accepted of the shared archives reads the same in every other reader', t => {
    const folder = temporaryFolder(t);
    const accepted = all.flatMap(fixture => {
      const zip = join(folder, `${all.indexOf(fixture)}.zip`);
      fs.writeFileSync(zip, readFixture(fixture));
      const ours = verdictOf(fixture, join(folder, `ours-${all.indexOf(fixture)}`));
      return typeof ours === 'string' ? [] : [{ fixture, zip, ours }];
    });
    const { present, absent } = findReaders();
    for (const name of absent) t.log(`SKIPPED: ${name} is not installed`);
    for (const reader of present) {
      const readings = reader.read(
        accepted.map(({ zip }) => zip),
        join(folder, reader.name),
      );
      for (const [index, { fixture, ours }] of accepted.entries()) {
        // Before 3.12 Python does not know the Unicode path field and shows the raw bytes as another name.
        if (fixture.path === 'zip-rs/windows-7zip.zip' && reader.name.startsWith('python')) continue;
        t.deepEqual(readings[index], ours, `${reader.name} reads ${fixture.path} in another way`);
      }
    }
  });

  test('docs/security.md lists every archive whose verdict is a matter of policy, with the verdict it gets', t => {
    const folder = temporaryFolder(t);
    const expected = (verdicts.get('policy') ?? []).map(fixture => {
      const verdict = verdictOf(fixture, join(folder, `${all.indexOf(fixture)}`));
      return `${fixture.path} ${typeof verdict === 'string' ? verdict : 'accepted'}`;
    });
    t.deepEqual(documentedVerdicts(), expected.sort());
  });
}

/** Row of the fault list by the letter of our own archives' names; those of other projects stand for all rows. */
function rowOf(fixture: Fixture): string {
  const rows: Record<string, string> = {
    p: 'C1–C3',
    d: 'C4',
    l: 'C5',
    m: 'C6',
    b: 'C8',
    h: 'C10–C12',
    c: 'C13',
    z: 'C14',
    t: 'C15',
  };
  return rows[/^own\/([a-z])/.exec(fixture.path)?.[1] ?? ''] ?? 'C1–C19';
}

function verdictOf(fixture: Fixture, into: string): ReturnType<typeof readFolder> | string {
  try {
    unpack(readFixture(fixture), into);
    return readFolder(into);
  } catch (error) {
    if (isCodedError(error)) return error.code;
    throw error;
  }
}

/** Rows of the table: `| path | verdict | …`, where a verdict is "accepted" or a code. */
function documentedVerdicts(): string[] {
  const text = fs.readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `([^`]+\.zip)` +\| `?(accepted|ZIP_[A-Z]+)`? +\|/gm);
  return [...rows].map(([, path, verdict]) => `${path} ${verdict}`).sort();
}
