/** Copies packages with all that they need from one node_modules to another. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Optional packages that are not installed are left out. */
export function copyPackages(names: readonly string[], from: string, into: string): void {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const folder = join(from, name);
    if (seen.has(name) || !existsSync(folder)) return;
    seen.add(name);
    cpSync(folder, join(into, name), { recursive: true });
    needsOf(folder).forEach(visit);
  };
  names.forEach(visit);
}

/** Names in package.json that do not lie in the package's own node_modules, which is copied with it. */
function needsOf(folder: string): readonly string[] {
  const { dependencies, optionalDependencies }: Manifest = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const inner = join(folder, 'node_modules');
  const nested = Object.keys({ ...dependencies, ...optionalDependencies }).flatMap(name =>
    existsSync(join(inner, name)) ? needsOf(join(inner, name)) : [name],
  );
  return nested.filter(name => !existsSync(join(inner, name)));
}
