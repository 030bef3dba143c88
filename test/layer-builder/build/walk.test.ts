/** What an install may hold, and what is refused by name: rows D22, D23 and D24 of the fault list. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { fileOf, readContent } from '../../../layer-builder/build/file.ts';
import { isPrunable } from '../../../layer-builder/build/prune.ts';
import { readPackageFiles, refuseCollisions } from '../../../layer-builder/build/walk.ts';
import { temporaryFolder, write } from './project.ts';

const target = { architecture: 'x86_64', runtime: 'nodejs24.x' } as const;

interface Row {
  readonly title: string;
  readonly spoil: (folder: string) => void;
  readonly code: string;
  readonly says: RegExp;
}

const rows: readonly Row[] = [
  {
    title: 'a link out of the package',
    spoil: folder => symlinkSync('/etc/hostname', join(folder, 'x')),
    code: 'BUILD_UNSAFE_FILE',
    says: /link out of its package/,
  },
  {
    title: 'a relative link out of the package',
    spoil: folder => symlinkSync('../../secret.txt', join(folder, 'x')),
    code: 'BUILD_UNSAFE_FILE',
    says: /link/,
  },
  {
    title: 'a dangling link',
    spoil: folder => symlinkSync('nowhere', join(folder, 'x')),
    code: 'BUILD_UNSAFE_FILE',
    says: /link to nothing/,
  },
  {
    title: 'a link to itself',
    spoil: folder => symlinkSync('x', join(folder, 'x')),
    code: 'BUILD_UNSAFE_FILE',
    says: /loop/,
  },
  {
    title: 'a link to the folder above',
    spoil: folder => symlinkSync('.', join(folder, 'x')),
    code: 'BUILD_UNSAFE_FILE',
    says: /loop/,
  },
  {
    title: 'a named pipe',
    spoil: folder => execFileSync('mkfifo', [join(folder, 'x')]),
    code: 'BUILD_UNSAFE_FILE',
    says: /named pipe/,
  },
  {
    title: 'a setuid file',
    spoil: folder => {
      writeFileSync(join(folder, 'x'), '');
      chmodSync(join(folder, 'x'), 0o4755);
    },
    code: 'BUILD_UNSAFE_FILE',
    says: /setuid/,
  },
  {
    title: 'an unreadable file',
    spoil: folder => {
      writeFileSync(join(folder, 'x'), '');
      chmodSync(join(folder, 'x'), 0o000);
    },
    code: 'BUILD_UNSAFE_FILE',
    says: /readable|EACCES/,
  },
  {
    title: 'a name that is not UTF-8',
    spoil: folder => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), ''),
    code: 'BUILD_UNSAFE_FILE',
    says: /not UTF-8/,
  },
  {
    title: 'a name with a line feed',
    spoil: folder => writeFileSync(join(folder, 'a\nb'), ''),
    code: 'BUILD_UNSAFE_FILE',
    says: /control character/,
  },
  {
    title: 'a name with a backslash',
    spoil: folder => writeFileSync(join(folder, 'a\\b'), ''),
    code: 'BUILD_UNSAFE_FILE',
    says: /backslash/,
  },
  {
    title: 'a name in Unicode form NFD',
    spoil: folder => writeFileSync(join(folder, 'e\u0301.js'), ''),
    code: 'BUILD_UNSAFE_FILE',
    says: /NFC/,
  },
  ...['.env', '.env.production', '.npmrc', '.netrc', 'id_rsa', 'store.p12', 'lib/.aws/credentials'].map(
    (path): Row => ({
      title: path,
      spoil: folder => write(folder, path, 'secret'),
      code: 'BUILD_SECRET',
      says: /must not be packed/,
    }),
  ),
  {
    title: 'a private key',
    spoil: folder => write(folder, 'lib/server.pem', '-----BEGIN PRIVATE KEY-----\nMIIE\n'),
    code: 'BUILD_SECRET',
    says: /private key/,
  },
];

for (const { title, spoil, code, says } of rows) {
  test(`D23 D24 ${title} is refused with its path and the reason`, t => {
    const install = temporaryFolder(t);
    const folder = join(install, 'node_modules/p');
    write(install, 'secret.txt', 'secret');
    write(folder, 'package.json', { name: 'p' });
    spoil(folder);
    const error = t.throws<Error & { code: string; hint?: string }>(() =>
      readPackageFiles(folder, 'node_modules/p', 'p', target),
    );
    t.is(error.code, code, error.message);
    t.regex(error.message, says);
    t.notRegex(error.message, /\n/);
    t.truthy(error.hint);
  });
}

test('D23 a socket is refused', async t => {
  const install = temporaryFolder(t);
  const folder = join(install, 'node_modules/p');
  mkdirSync(folder, { recursive: true });
  const server = createServer();
  await new Promise<void>(done => server.listen(join(folder, 's'), done));
  t.teardown(() => server.close());
  const error = t.throws<Error & { code: string }>(() =>
    readPackageFiles(folder, 'node_modules/p', 'p', target),
  );
  t.is(error.code, 'BUILD_UNSAFE_FILE');
  t.regex(error.message, /socket/);
});

test('a link inside its package becomes a file, and modes become 0644 or 0755', t => {
  const install = temporaryFolder(t);
  const folder = join(install, 'node_modules/p');
  write(folder, 'lib/a.js', '1');
  write(folder, 'cli.js', '2');
  chmodSync(join(folder, 'cli.js'), 0o700);
  symlinkSync('lib/a.js', join(folder, 'b.js'));
  const { files } = readPackageFiles(folder, 'node_modules/p', 'p', target);
  t.deepEqual(
    files.map(({ path, mode }) => [path.slice('nodejs/node_modules/p/'.length), mode]),
    [
      ['b.js', 0o644],
      ['cli.js', 0o755],
      ['lib/a.js', 0o644],
    ],
  );
});

test('certificates, examples of settings and public keys are no secrets', t => {
  const install = temporaryFolder(t);
  const folder = join(install, 'node_modules/p');
  write(folder, 'ca.pem', '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n');
  write(folder, '.env.example', 'TOKEN=');
  t.is(readPackageFiles(folder, 'node_modules/p', 'p', target).files.length, 2);
});

test('D23 names that a case-insensitive disk would merge are refused', t => {
  const error = t.throws<Error & { code: string }>(() =>
    refuseCollisions([fileOf('a/Read.js', ''), fileOf('a/read.js', '')]),
  );
  t.is(error.code, 'BUILD_UNSAFE_FILE');
});

test('D22 a file that changes between reading and packing stops the build', t => {
  const install = temporaryFolder(t);
  const folder = join(install, 'node_modules/p');
  write(folder, 'index.js', 'before');
  const [file] = readPackageFiles(folder, 'node_modules/p', 'p', target).files;
  if (!file) return t.fail();
  t.is(String(readContent(file)), 'before');
  write(folder, 'index.js', 'after');
  t.is(t.throws<Error & { code: string }>(() => readContent(file)).code, 'BUILD_SOURCE_CHANGED');
});

const pruned: readonly [path: string, prunable: boolean][] = [
  ['index.d.ts', true],
  ['dist/index.d.mts', true],
  ['dist/index.js.map', true],
  ['src/index.ts', true],
  ['README.md', true],
  ['CHANGELOG', true],
  ['test/index.js', true],
  ['docs/guide.html', true],
  ['.github/workflows/ci.yml', true],
  ['LICENSE', false],
  ['LICENSE.md', false],
  ['licence', false],
  ['NOTICE.txt', false],
  ['ThirdPartyNotices.txt', false],
  ['COPYING', false],
  ['dist/doc/compose.js', false],
  ['dist/test/index.js', false],
  ['license.js', false],
  ['index.js', false],
  ['data/words.txt', false],
  ['package.json', false],
];

test('what nothing at run time can need is pruned, licences never', t => {
  for (const [path, prunable] of pruned)
    t.is(
      isPrunable('p', path, () => false),
      prunable,
      path,
    );
  t.false(
    isPrunable('p', 'test/index.js', () => true),
    'a folder that the package itself names',
  );
  t.false(
    isPrunable('typescript', 'lib/lib.es5.d.ts', () => false),
    'the data of the compiler',
  );
});
