/** moto, an implementation of AWS in Python, judges our tests of S3 and the signed calls of the deployer. */
import { freePorts, lacking, serve, unpackDebian } from './chroot.ts';
import { judgePublish } from './publish.ts';
import { judgeSideCalls } from './side-calls.ts';
import { judgeSuite } from './suite.ts';
import { execute } from './tools.ts';
import type { Judgement } from './types.ts';

const packages = [
  'python3-moto',
  'python3-flask-cors',
  'python3-werkzeug',
  'python3-xmltodict',
  'python3-joserfc',
];

export async function moto(): Promise<readonly Judgement[]> {
  const reason = lacking();
  const what = 'the S3 tests of local-aws';
  if (reason !== undefined) return [{ what, judge: 'moto', verdict: 'skipped', said: reason }];
  const folder = await unpackDebian('moto', packages, 'sid');
  const port = await freePorts(1);
  // the account of local-aws, which the tests name in ARNs
  const script = `MOTO_ACCOUNT_ID=000000000000 exec /usr/bin/moto_server -H 127.0.0.1 -p ${port}`;
  const server = await serve(folder, script, `http://127.0.0.1:${port}/moto-api/`);
  try {
    const url = `http://127.0.0.1:${port}`;
    const found = await execute('sh', [
      '-c',
      `ls ${folder}/usr/lib/python3/dist-packages | grep -o '^moto-[0-9.]*[0-9]'`,
    ]);
    const judge = found.stdout.trim().replace('-', ' ');
    return [
      await judgeSuite('moto', { what, judge, files: 'test/local-aws/s3/*.test.ts' }, { JUDGE_S3: url }),
      await judgeSuite(
        'moto-lambda',
        { what: 'the Lambda tests of local-aws', judge, files: 'test/local-aws/lambda/agreed-*.test.ts' },
        { JUDGE_LAMBDA: url },
      ),
      await judgeSideCalls(judge, url),
      await judgePublish('moto', judge, { JUDGE_ENDPOINT: url }),
    ];
  } finally {
    await server.stop();
  }
}
