/** Packs folders of made-up packages as npm does, so that tests can install what no registry holds. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { write } from './project.ts';

export interface MadeUpPackage {
  readonly name: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string | Buffer>>;
}

/** Adds packages to a project as `file:` tarballs, with lockfile entries that have their integrity. */
export function addPackages(project: string, packages: readonly MadeUpPackage[]): void {
  const manifest = readJson(project, 'package.json');
  const lockfile = readJson(project, 'package-lock.json');
  for (const { name, manifest: fields = {}, files } of packages) {
    const facts = { name, version: '1.0.0', license: 'MIT', ...fields };
    const tarball = tar({ 'package.json': JSON.stringify(facts), ...files });
    const path = `vendor/${name.replace(/\W/g, '_')}.tgz`;
    write(project, path, tarball);
    const range = `file:${path}`;
    Object.assign(manifest['dependencies'] as object, { [name]: range });
    const locked = lockfile['packages'] as Record<string, Record<string, unknown>>;
    Object.assign(locked['']?.['dependencies'] as object, { [name]: range });
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const { dependencies, optionalDependencies, scripts } = facts as Record<string, unknown>;
    locked[`node_modules/${name}`] = {
      ...{ version: '1.0.0', resolved: range, integrity, license: 'MIT' },
      ...(dependencies === undefined ? {} : { dependencies }),
      ...(optionalDependencies === undefined ? {} : { optionalDependencies }),
      ...(scripts === undefined ? {} : { hasInstallScript: true }),
    };
  }
  write(project, 'package.json', manifest);
  write(project, 'package-lock.json', lockfile);
}

/** A tar archive in the ustar format, compressed. */
export function tar(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = [];
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as Buffer);
    const header = Buffer.alloc(512);
    header.write(`package/${path}`, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    parts.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function readJson(project: string, path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(project, path), 'utf8'));
}
