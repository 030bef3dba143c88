/** Pure: what is inside, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), without clock or chance. */
import { sha256Hex } from '../../artifact/digest.ts';
import type { LockEntry } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';

export interface SbomFacts {
  readonly artifact: string;
  readonly service: string;
  readonly roots: readonly string[];
  readonly packages: readonly LockEntry[];
  /** The whole lockfile, to find out which copy a package resolves to. */
  readonly entries: ReadonlyMap<string, LockEntry>;
  readonly from: string;
}

/** Text of the SBOM, ending in a line feed. */
export function formatSbom(facts: SbomFacts): string {
  const own = `${facts.service}/${facts.artifact}`;
  const inside = new Set(facts.packages.map(entry => entry.location));
  const references = (from: string, names: readonly string[]) =>
    [
      ...new Set(
        names
          .map(name => resolveEntry(facts.entries, from, name))
          .filter(entry => entry !== undefined && inside.has(entry.location))
          .map(entry => (entry === undefined ? '' : purl(entry))),
      ),
    ].sort();
  const unique = [...new Map(facts.packages.map(entry => [purl(entry), entry])).values()];
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': own, name: own },
      properties: [{ name: 'cdx:reproducible', value: 'true' }],
    },
    components: unique.map(componentOf),
    dependencies: [
      { ref: own, dependsOn: references(facts.from, facts.roots) },
      ...unique.map(entry => ({
        ref: purl(entry),
        dependsOn: references(
          entry.location,
          Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies }),
        ),
      })),
    ],
  };
  // A serial number must be a UUID; made from the content, it is the same for the same content.
  const hex = sha256Hex(JSON.stringify(body));
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const { bomFormat, specVersion, ...rest } = body;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...rest })}\n`;
}

/** https://github.com/package-url/purl-spec: only the `@` of a scope is encoded. */
export function purl(entry: { name: string; version: string }): string {
  return `pkg:npm/${entry.name.replace(/^@/, '%40')}@${entry.version}`;
}

function componentOf(entry: LockEntry): Record<string, unknown> {
  const [, algorithm = '', base64 = ''] = /^(sha\d+)-([A-Za-z0-9+/=]+)/.exec(entry.integrity ?? '') ?? [];
  return {
    type: 'library',
    'bom-ref': purl(entry),
    name: entry.name,
    version: entry.version,
    purl: purl(entry),
    ...(algorithm === ''
      ? {}
      : {
          hashes: [
            { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') },
          ],
        }),
    ...(entry.license === undefined ? {} : { licenses: [licenseOf(entry.license)] }),
  };
}

function licenseOf(text: string): Record<string, unknown> {
  if (/ (OR|AND|WITH) /.test(text)) return { expression: text };
  return { license: /^[A-Za-z0-9.+-]+$/.test(text) ? { id: text } : { name: text } };
}
