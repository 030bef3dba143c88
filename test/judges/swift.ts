/** OpenStack Swift with its s3api, an object store of its own kind, judges our tests of S3 and of the publisher: it verifies signatures. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { freePorts, lacking, serve, unpackDebian } from './chroot.ts';
import { judgePublish } from './publish.ts';
import { judgeSuite } from './suite.ts';
import { execute } from './tools.ts';
import type { Judgement } from './types.ts';

const packages = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'];

export async function swift(): Promise<readonly Judgement[]> {
  const what = 'the S3 tests of local-aws';
  const reason = lacking();
  if (reason !== undefined) return [{ what, judge: 'Swift', verdict: 'skipped', said: reason }];
  const folder = await unpackDebian('swift', packages, 'sid');
  for (const name of ['etc/swift', 'srv']) rmSync(path.join(folder, name), { recursive: true, force: true });
  const port = await freePorts(4);
  const server = await serve(folder, script(port), `http://127.0.0.1:${port}/info`);
  try {
    const found = await execute('sh', [
      '-c',
      `ls ${folder}/usr/lib/python3/dist-packages | grep -o '^swift-[0-9.]*[0-9]'`,
    ]);
    const env = { JUDGE_S3: `http://127.0.0.1:${port}`, JUDGE_KEY: 'test:tester testing' };
    const judge = found.stdout.trim().replace('-', ' ');
    return [
      await judgeSuite('swift', { what, judge, files: 'test/local-aws/s3/*.test.ts' }, env),
      await judgePublish('swift', judge, env),
    ];
  } finally {
    await server.stop();
  }
}

/** One disk, one copy, no memcache, an account that is made on first use. */
function script(port: number): string {
  const filters = 'catch_errors cache listing_formats s3api tempauth copy slo versioned_writes symlink';
  const servers = ['account', 'container', 'object'].map((name, index) => ({ name, at: port + 1 + index }));
  const head = (at: number) =>
    `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${at}\nuser = root\nworkers = 0\ndevices = /srv/node\nmount_check = false\nfallocate_reserve = 0\n`;
  const settings: Readonly<Record<string, string>> = {
    cache: 'use = egg:swift#memcache',
    s3api: 'use = egg:swift#s3api\nlocation = us-east-1\ndns_compliant_bucket_names = true',
    tempauth: 'use = egg:swift#tempauth\nuser_test_tester = testing .admin',
    versioned_writes: 'use = egg:swift#versioned_writes\nallow_object_versioning = true',
  };
  const proxy = [
    head(port),
    `[pipeline:main]\npipeline = ${filters} proxy-server`,
    '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nallow_account_management = true',
    ...filters.split(' ').map(name => `[filter:${name}]\n${settings[name] ?? `use = egg:swift#${name}`}`),
  ].join('\n');
  const write = (file: string, text: string) => `cat > /etc/swift/${file} <<'END'\n${text}\nEND`;
  return [
    'mkdir -p /etc/swift/backups /srv/node/d1 /var/cache/swift',
    // It looks up localhost (for its log, it seems): where no file names it by DNS, which takes five or ten seconds a call.
    "echo '127.0.0.1 localhost' > /etc/hosts; export EVENTLET_NO_GREENDNS=yes",
    write(
      'swift.conf',
      '[swift-hash]\nswift_hash_path_suffix = judge\n[storage-policy:0]\nname = one\ndefault = yes',
    ),
    write('proxy.conf', proxy),
    ...servers.flatMap(({ name, at }) => [
      write(
        `${name}.conf`,
        `${head(at)}[pipeline:main]\npipeline = ${name}-server\n[app:${name}-server]\nuse = egg:swift#${name}`,
      ),
      `ring="swift-ring-builder /etc/swift/${name}.builder"; $ring create 2 1 1; $ring add r1z1-127.0.0.1:${at}/d1 1; $ring rebalance`,
    ]),
    ...servers.map(({ name }) => `swift-${name}-server /etc/swift/${name}.conf &`),
    'exec swift-proxy-server /etc/swift/proxy.conf',
  ].join('\n');
}
