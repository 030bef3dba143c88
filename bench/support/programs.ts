/** Programs of Debian that a benchmark starts: said by the name of their package when they are missing. */
import { spawnSync } from 'node:child_process';

const packages = { bsdtar: 'libarchive-tools', unzip: 'unzip', zip: 'zip', aws: 'awscli' } as const;

export type Program = keyof typeof packages;

export class ProgramMissing extends Error {}

/** Throws `ProgramMissing` with the command that installs it: a table without its peers would be no comparison. */
export function requirePrograms(...names: readonly Program[]): void {
  const missing = names.filter(name => spawnSync(name, ['--version']).error !== undefined);
  if (missing.length === 0) return;
  throw new ProgramMissing(
    `${missing.join(' and ')} not found: apt-get install ${missing.map(name => packages[name]).join(' ')}`,
  );
}
