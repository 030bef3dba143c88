/** Brings AWS's own Node runtime client: installed from the lock beside this file, without scripts, into a cache. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalAwsError } from '../errors.ts';
import { cached, npm } from './cache.ts';

const here = fileURLToPath(new URL('./', import.meta.url));
const parts = ['package.json', 'package-lock.json', 'rapid-client.cjs'];

/**
 * The folder to mount at /var/runtime: `index.mjs` as AWS ships it and the stand-in for its native client.
 *
 * The first call of a machine takes about 3 seconds and the network; `log` gets one line then. Its install
 * scripts would compile for a minute and need cmake, so they never run.
 * Throws `RUNTIME_CLIENT_MISSING` when npm cannot bring it.
 */
export async function ensureRuntimeClient(log: (line: string) => void = () => {}): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(await readFile(join(here, part)));
  try {
    return await cached(`runtime-client-${hash.digest('hex').slice(0, 16)}`, folder => {
      log('local-aws: installing the Lambda runtime client (once, about 3 s)');
      return install(folder);
    });
  } catch (cause) {
    throw new LocalAwsError('RUNTIME_CLIENT_MISSING', 'the Lambda runtime client could not be installed', {
      hint: 'functions need aws-lambda-ric from the npm registry once; check the network and run "node local-aws/runtime-client/install.ts"',
      cause,
    });
  }
}

async function install(folder: string): Promise<void> {
  const source = join(folder, 'npm');
  await mkdir(source);
  for (const part of parts.slice(0, 2)) await copyFile(join(here, part), join(source, part));
  await npm(source, 'ci');
  const client = join(source, 'node_modules/aws-lambda-ric');
  for (const file of ['index.mjs', 'LICENSE', 'NOTICE', 'THIRD-PARTY-LICENSES']) {
    await copyFile(join(client, file), join(folder, file));
  }
  // `require('./rapid-client.node')` finds a folder as well as a file: no patch of AWS's code is needed.
  const native = join(folder, 'rapid-client.node');
  await mkdir(native);
  await copyFile(join(here, 'rapid-client.cjs'), join(native, 'index.cjs'));
  await writeFile(join(native, 'package.json'), '{"main":"index.cjs"}\n');
  // Everything else, the whole of node-gyp, was needed only by the scripts that did not run.
  await rm(source, { recursive: true });
}

/** As a program (the root's `prepare` script): says what it does and never fails an install; first use tries again. */
if (import.meta.main) {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await ensureRuntimeClient(say).catch(({ message, cause }) => {
    say(
      `local-aws: ${message}; it is tried again when a function first runs (${String(cause?.message).split('\n')[0]})`,
    );
  });
}
