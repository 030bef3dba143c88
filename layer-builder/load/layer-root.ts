/** A folder that looks as /opt does when the artifacts are attached as layers. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from '../../artifact/digest.ts';
import type { Lock, LockArtifact } from '../../artifact/lock.ts';
import { unpack } from '../../handler/unpack.ts';
import { makeCaller } from '../aws/calls.ts';
import { openClients } from '../aws/clients.ts';
import { fail } from '../errors.ts';
import { artifactPath, readArtifact } from '../read/built.ts';

/**
 * Unpacks every artifact into `root`, as Lambda merges layers: from the build where it is, else from the published
 * layer version itself. Throws `NOT_PUBLISHED`, `LAYER_MISMATCH`, what the unpacker and AWS throw.
 */
export async function makeLayerRoot(
  project: string,
  lock: Lock,
  root: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(root, { recursive: true });
  for (const artifact of lock.artifacts) {
    const built = existsSync(artifactPath(project, artifact));
    const zip = built ? readArtifact(project, artifact) : await downloadLayer(artifact, env, signal);
    const part = path.join(path.dirname(root), `layer-${artifact.name}`);
    unpack(zip, part);
    cpSync(part, root, { recursive: true });
  }
}

async function downloadLayer(
  { name, digest, published }: LockArtifact,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const wanted = env['AWS_REGION'];
  const [region, { layerVersionArn: arn } = {}] =
    Object.entries(published).find(([region]) => wanted === undefined || region === wanted) ?? [];
  if (region === undefined || arn === undefined) {
    return fail(
      'NOT_PUBLISHED',
      `no layer of ${name} (expected a build or a published layer, found neither)`,
      {
        hint: 'run "layer-builder build", or "layer-builder publish", or name a folder with --layer-root',
        details: { artifact: name, region: wanted ?? null, publishedIn: Object.keys(published) },
      },
    );
  }
  const { GetLayerVersionByArnCommand } = await import('@aws-sdk/client-lambda');
  const clients = await openClients(env, region);
  try {
    const call = makeCaller(clients, { signal });
    const about = { action: 'lambda:GetLayerVersion', resource: arn };
    const layer = await call(about, options =>
      clients.lambda.send(new GetLayerVersionByArnCommand({ Arn: arn }), options),
    );
    const location = { action: 'download of the layer', resource: arn };
    const zip = await call(location, async options => {
      const timeout = AbortSignal.timeout(60_000);
      const answer = await fetch(layer.Content?.Location ?? '', {
        signal: options.abortSignal ? AbortSignal.any([options.abortSignal, timeout]) : timeout,
      });
      return Buffer.from(await answer.arrayBuffer());
    });
    if (digestOf(zip) === digest) return zip;
    return fail('LAYER_MISMATCH', `${arn} holds other bytes (expected ${digest}, found ${digestOf(zip)})`, {
      hint: 'publish again: a layer version with the right digest is made or found',
    });
  } finally {
    clients.close();
  }
}
