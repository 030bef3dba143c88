/** Lays out what a package manager needs: the project's inputs, and settings that are removed after the install. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transportSettings } from '../../build/npm.ts';
import type { Machine } from '../../plan/reach.ts';
import { clientRules } from './clients.ts';
import type { ClientInputs } from './inputs.ts';
import type { TreeSource } from './install.ts';
import { classicYarnSettings } from './settings.ts';

export function layInputs(inputs: ClientInputs, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, { content, mode }] of inputs.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode });
  }
  for (const [path, target] of inputs.links) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(target, join(folder, path));
  }
}

/** Settings of the machine and of the run. They may hold a token: answers the paths that the caller removes. */
export function laySettings(source: TreeSource, folder: string, machine: Machine, cache: string): string[] {
  const { client, place } = source;
  const append = (path: string, text: string) => {
    const before = existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '';
    writeFileSync(join(folder, path), `${before}${text}\n`, { mode: 0o600 });
    return join(folder, path);
  };
  const written = Object.entries(clientRules[client].settings(machine, cache)).map(([path, text]) =>
    append(path, text),
  );
  if (client === 'pnpm') {
    // pnpm 9 reads the machine from package.json, and wants every workspace file to name packages.
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, object>;
    const { os, cpu, libc } = machine;
    const supportedArchitectures = { os: [os], cpu: [cpu], libc: [libc] };
    manifest['pnpm'] = { ...manifest['pnpm'], supportedArchitectures };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
    const workspace = readFileSync(join(folder, 'pnpm-workspace.yaml'), 'utf8');
    if (!/^packages\s*:/m.test(workspace)) append('pnpm-workspace.yaml', 'packages: ["."]');
  }
  if (client === 'yarn-classic') {
    const path = join(place.folder, '.yarnrc');
    const own = existsSync(path) ? classicYarnSettings(readFileSync(path, 'utf8')) : '';
    written.push(append('.yarnrc', own));
  }
  if (client !== 'yarn') written.push(append('.npmrc', transportSettings(place.folder)));
  return written;
}
