/** Other people's unzip programs, as judges of what an archive holds. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

/** Path to SHA-256 of the content, for every file. */
export type Reading = Readonly<Record<string, string>>;

export interface Reader {
  readonly name: string;
  /** Reads all files of each zip. An archive that the reader refuses reads as a text: its complaint. */
  readonly read: (zips: readonly string[], folder: string) => readonly (Reading | string)[];
}

/** One Python process for all archives: starting it costs more than reading them. */
const python = `
import hashlib, json, sys, zipfile
for path in sys.stdin.read().splitlines():
    try:
        with zipfile.ZipFile(path) as z:
            files = {}
            for i in z.infolist():
                if not i.is_dir():
                    files.setdefault(i.filename, []).append(hashlib.sha256(z.read(i)).hexdigest())
            print(json.dumps({n: ' '.join(h) for n, h in files.items()}))
    except Exception as e:
        print(json.dumps('%s: %s' % (type(e).__name__, e)))
`;

const environment = { ...process.env, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1' };

const readers: readonly (Reader & { probe: readonly string[] })[] = [
  {
    name: 'python3 zipfile',
    probe: ['python3', '--version'],
    read: zips => {
      const output = execFileSync('python3', ['-c', python], {
        input: zips.join('\n'),
        encoding: 'utf8',
        env: environment,
        maxBuffer: 1 << 28,
      });
      return output
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Reading | string);
    },
  },
  {
    name: 'unzip',
    probe: ['unzip', '-v'],
    read: extracted((zip, into) => ['unzip', '-qq', '-d', into, zip]),
  },
  {
    name: 'bsdtar',
    probe: ['bsdtar', '--version'],
    read: extracted((zip, into) => ['bsdtar', '-xf', zip, '-C', into]),
  },
];

/** Readers on this machine, and the names of those that are not. */
export function findReaders(): { present: readonly Reader[]; absent: readonly string[] } {
  const has = ({ probe: [command = '', ...args] }: (typeof readers)[number]) =>
    spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  const present = readers.filter(has);
  return { present, absent: readers.filter(reader => !present.includes(reader)).map(reader => reader.name) };
}

/** SHA-256 of every file under a folder. */
export function readFolder(root: string): Reading {
  const files: [string, string][] = [];
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? fs.readFileSync(path) : 'no file';
    files.push([path.slice(root.length + 1), createHash('sha256').update(content).digest('hex')]);
  }
  return Object.fromEntries(files);
}

function extracted(command: (zip: string, into: string) => readonly string[]): Reader['read'] {
  return (zips, folder) =>
    zips.map((zip, index) => {
      const into = join(folder, `${index}`);
      fs.mkdirSync(into, { recursive: true });
      const [program = '', ...args] = command(zip, into);
      const { status, stderr } = spawnSync(program, args, { env: environment, encoding: 'utf8' });
      // Modes are as the archive says: whoever is not root cannot read all.
      spawnSync('chmod', ['-R', 'u+rwX', into]);
      // unzip says 1 when it warned and did all of its work.
      return status === 0 || (program === 'unzip' && status === 1)
        ? readFolder(into)
        : `exit status ${status}: ${stderr}`;
    });
}
