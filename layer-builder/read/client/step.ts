/** Pure: whether a lockfile of Yarn 1 is in step with every package.json. It checks that itself for the root only. */
import { posix } from 'node:path';
import { isRecord } from '../../config/check.ts';
import { BuilderError } from '../../errors.ts';
import { parseManifest } from '../manifest.ts';
import type { ClientInputs } from './inputs.ts';
import { workspacePatterns } from './workspaces.ts';

/** Throws `LOCKFILE_OUT_OF_STEP` with the first ranges that the lockfile does not hold. */
export function requireInStep(text: string, inputs: ClientInputs): void {
  const locked = new Set(
    [...text.matchAll(/^(\S.*):\r?$/gm)].flatMap(([, head = '']) =>
      head.split(', ').map(pattern => pattern.replace(/^"|"$/g, '')),
    ),
  );
  const root = manifestAt(inputs, 'package.json');
  const patterns = workspacePatterns(root?.raw['workspaces']);
  const members = [...inputs.files.keys()]
    .filter(path => posix.basename(path) === 'package.json')
    .filter(path => path === 'package.json' || patterns.some(pattern => pattern.test(posix.dirname(path))))
    .flatMap(path => manifestAt(inputs, path) ?? []);
  const own = new Set(members.map(member => member.name));
  const resolutions = isRecord(root?.raw['resolutions']) ? Object.keys(root.raw['resolutions']) : [];
  const missing = members.flatMap(({ name, dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...devDependencies, ...dependencies, ...optionalDependencies })
      .filter(([needed]) => !own.has(needed) && !resolutions.some(key => key.endsWith(needed)))
      // Folders are taken as they are, and the lockfile names them from its own place.
      .filter(([needed, range]) => !/^(link|file):/.test(range) && !locked.has(`${needed}@${range}`))
      .map(
        ([needed, range]) =>
          `${needed} (${name ?? 'package.json'} asks for ${range}, yarn.lock does not hold it)`,
      ),
  );
  if (missing.length === 0) return;
  throw new BuilderError(
    'LOCKFILE_OUT_OF_STEP',
    `yarn.lock is out of step with package.json: ${missing.slice(0, 5).join('; ')}`,
    { hint: 'run "yarn install" and commit the lockfile', details: { missing } },
  );
}

function manifestAt(inputs: ClientInputs, path: string) {
  const file = inputs.files.get(path);
  return file && parseManifest(String(file.content));
}
