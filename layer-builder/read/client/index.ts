/** Reads the lockfile of pnpm or Yarn through the client itself: what it installs is what the lockfile says. */
import { basename } from 'node:path';
import type { Machine } from '../../plan/reach.ts';
import type { Lockfile } from '../lockfile.ts';
import type { LockfilePlace } from '../lockfile-place.ts';
import type { ForeignClient } from './clients.ts';
import { collectInputs } from './inputs.ts';
import type { TreeRun } from './install.ts';
import { installTree, treeKey } from './install.ts';
import { readIntegrity } from './integrity.ts';
import { requireInStep } from './step.ts';

/** Throws what `collectInputs`, `readIntegrity`, `requireInStep` and `installTree` throw. */
export async function readClientLockfile(
  place: LockfilePlace & { readonly client: ForeignClient },
  machine: Machine,
  run: TreeRun,
): Promise<Lockfile> {
  const { path, folder, projectLocation, client } = place;
  const inputs = collectInputs(place);
  const file = basename(path);
  const text = String(inputs.files.get(file)?.content);
  const content = readIntegrity(client, text, file);
  if (client === 'yarn-classic') requireInStep(text, inputs);
  const source = { place, client, inputs, content, key: treeKey(client, inputs, machine) };
  const tree = await installTree(source, machine, run);
  return { path, folder, projectLocation, entries: tree.entries, raw: {}, tree: source };
}
