/** Plays every service that the app calls, kindly: GitHub knows every repository, ipdata every address. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canary } from '../../support/canaries.ts';
import { commit, sendJson } from './github.ts';
import { archiveOf } from './tar.ts';

interface Teardown {
  teardown(fn: () => void): void;
}

/** The environment that leads the app there. */
export async function playEverybody(t: Teardown): Promise<NodeJS.ProcessEnv> {
  const files = ['README.md', 'src/a.ts', 'src/b/c.py', 'osbot_utils/x.py'].map(path => ({
    path,
    content: `${path}\n`,
  }));
  const archive = archiveOf(files);
  const server = createServer((req, res) => {
    const path = req.url ?? '';
    if (/^\/repos\/[^/]+\/[^/]+\/commits\/./.test(path)) return res.end(commit);
    if (/^\/repos\/[^/]+\/[^/]+\/tarball\//.test(path)) return res.end(archive);
    return sendJson(res, 200, { echo: path.split('?', 1)[0] });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const addresses = { CHECK_IP_URL: url, IF_CONFIG_URL: url, IP_IFY_URL: url, IP_INFO_URL: url };
  return {
    GITHUB_API_URL: url,
    IP_DATA_API_URL: url,
    IP_DATA__API_KEY: canary('address-key'),
    GITHUB_TOKEN: canary('token'),
    ...addresses,
  };
}
