/** Where an artifact's object is: the lock's bucket for our region, as an address. Pure. */
import type { LockArtifact } from '../../artifact/lock.ts';
import { HandlerError } from '../errors.ts';
import type { LoaderSettings } from '../settings.ts';

export interface Target {
  readonly artifact: string;
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/**
 * Picks the lock's publication for the region; without a region the only one there is.
 *
 * Throws `DEPS_REGION` when the lock has none for it.
 */
export function targetOf(artifact: LockArtifact, region: string | undefined): Target {
  const all = Object.entries(artifact.published);
  const found = region === undefined && all.length === 1 ? all[0] : all.find(([name]) => name === region);
  if (found !== undefined) {
    const [chosen, { bucket, versionId }] = found;
    const target = { artifact: artifact.name, region: chosen, bucket, key: artifact.s3.key };
    return versionId === undefined ? target : { ...target, versionId };
  }
  const regions = all.map(([name]) => name);
  throw new HandlerError(
    'DEPS_REGION',
    `${artifact.name} is not published in this region (expected ${regions.join(', ') || 'a published region'}, found ${region ?? 'none set'})`,
    {
      hint: `run "layer-builder publish --regions ${region ?? 'REGION'}" and deploy the new lock`,
      details: { artifact: artifact.name, expected: regions, found: region ?? null },
    },
  );
}

/**
 * Address of the object. Custom endpoints get path style; AWS gets the bucket in the host name, except a bucket
 * with dots, which no wildcard certificate covers.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function urlOf(
  target: Target,
  settings: Pick<LoaderSettings, 'endpoint' | 'dualStack' | 'fips'>,
): URL {
  const { bucket, region } = target;
  const path = target.key.split('/').map(encode).join('/');
  const query = target.versionId === undefined ? '' : `?versionId=${encode(target.versionId)}`;
  if (settings.endpoint !== undefined) return new URL(`${settings.endpoint}/${bucket}/${path}${query}`);
  const service = `${settings.fips ? 's3-fips' : 's3'}${settings.dualStack ? '.dualstack' : ''}`;
  const host = `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  if (bucket.includes('.')) return new URL(`https://${host}/${bucket}/${path}${query}`);
  return new URL(`https://${bucket}.${host}/${path}${query}`);
}

/** The signature wants everything escaped but A–Z a–z 0–9 - _ . ~ */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
