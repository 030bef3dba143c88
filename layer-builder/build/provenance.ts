/** Pure: how an artifact was made, as an in-toto statement (https://slsa.dev/spec/v1.0/provenance), without a clock. */
import type { Digest } from '../../artifact/digest.ts';
import { hexOf } from '../../artifact/digest.ts';
import type { LockEntry } from '../read/lockfile.ts';
import type { Config } from '../types.ts';
import { purl } from './sbom.ts';

export interface ProvenanceFacts {
  readonly artifact: string;
  readonly digest: Digest;
  readonly config: Config;
  readonly roots: readonly string[];
  readonly assets: readonly string[];
  readonly packages: readonly LockEntry[];
  /** Version of layer-builder, and the Node that proofs and compile cache ran on. */
  readonly builder: { readonly version: string; readonly node: string };
}

/** Text of the statement. Signing it is the pipeline's business: the digest of the zip is its subject. */
export function formatProvenance(facts: ProvenanceFacts): string {
  const { artifact, digest, config, roots, assets, packages, builder } = facts;
  const { service, runtime, architecture, include, exclude, forms, compileCache } = config;
  return `${JSON.stringify(
    {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: `${artifact}-${hexOf(digest)}.zip`, digest: { sha256: hexOf(digest) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'urn:layer-builder:artifact:v1',
          externalParameters: {
            service,
            artifact,
            runtime,
            architecture,
            include,
            exclude,
            forms,
            compileCache,
            roots,
            assets,
          },
          internalParameters: {},
          resolvedDependencies: packages.map(dependency),
        },
        runDetails: {
          builder: {
            id: 'urn:layer-builder',
            version: { 'layer-builder': builder.version, node: builder.node },
          },
        },
      },
    },
    null,
    2,
  )}\n`;
}

function dependency(entry: LockEntry): Record<string, unknown> {
  const [, algorithm = '', base64 = ''] = /^(sha\d+)-([A-Za-z0-9+/=]+)/.exec(entry.integrity ?? '') ?? [];
  const digest =
    algorithm === '' ? {} : { digest: { [algorithm]: Buffer.from(base64, 'base64').toString('hex') } };
  return { uri: purl(entry), ...digest };
}
