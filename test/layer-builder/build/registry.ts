/** A registry of made-up packages on loopback, which npm, pnpm and both kinds of Yarn read. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MadeUpPackage } from './tarball.ts';
import { tar } from './tarball.ts';

export interface Registry {
  readonly address: string;
  close(): void;
}

/** A package of another version than 1.0.0 says so in its manifest. */
export async function startRegistry(packages: readonly MadeUpPackage[]): Promise<Registry> {
  const tarballs = new Map<string, Buffer>();
  const documents = new Map<string, { versions: Record<string, object>; [field: string]: unknown }>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', address).pathname);
    const tarball = tarballs.get(path);
    const document = documents.get(path.slice(1));
    response.statusCode = tarball || document ? 200 : 404;
    response.end(tarball ?? JSON.stringify(document ?? { error: 'not found' }));
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const { name, manifest: fields = {}, files } of packages) {
    const manifest = { name, version: '1.0.0', license: 'MIT', ...fields };
    const tarball = tar({ 'package.json': JSON.stringify(manifest), ...files });
    const path = `/${name}/-/${name.split('/').pop()}-${manifest.version}.tgz`;
    tarballs.set(path, tarball);
    const dist = {
      tarball: address + path,
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
    };
    const versions = { ...documents.get(name)?.versions, [manifest.version]: { ...manifest, dist } };
    // Clients refuse versions that are only hours old.
    const time = Object.fromEntries(
      Object.keys(versions).map(version => [version, '2026-01-01T00:00:00.000Z']),
    );
    documents.set(name, { name, 'dist-tags': { latest: manifest.version }, versions, time });
  }
  return { address, close: () => server.close() };
}
