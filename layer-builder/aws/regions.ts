/** Everything that publishing needs of one region, opened together. */
import type { Caller } from './calls.ts';
import { makeCaller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { openClients } from './clients.ts';
import type { LayerRegistry } from './layers.ts';
import { openLayerRegistry } from './layers.ts';
import type { ObjectStore } from './objects.ts';
import { openObjectStore } from './objects.ts';
import type { LayerSharing } from './sharing.ts';
import { openLayerSharing } from './sharing.ts';

export interface Region {
  readonly region: string;
  readonly bucket: string;
  readonly clients: AwsClients;
  /** Paces all Lambda calls of the region together. */
  readonly call: Caller;
  readonly objects: ObjectStore;
  readonly layers: LayerRegistry;
  readonly sharing: LayerSharing;
}

/** Opens one region; `clients.close()` ends it. Nothing is sent yet. */
export async function openRegion(
  env: NodeJS.ProcessEnv,
  { region, bucket }: { readonly region: string; readonly bucket: string },
  signal?: AbortSignal,
): Promise<Region> {
  const clients = await openClients(env, region);
  const call = makeCaller(clients, { signal });
  return {
    region,
    bucket,
    clients,
    call,
    objects: await openObjectStore(clients, call, bucket),
    layers: await openLayerRegistry(clients, call),
    sharing: await openLayerSharing(clients, call),
  };
}
