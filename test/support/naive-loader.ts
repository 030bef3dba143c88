/**
 * A loader as teams write it in an afternoon: GET, unzipper, extract over whatever is there; a folder that exists
 * counts as loaded. Kept to show what `layer-builder conform` finds. It speaks the protocol and nothing more.
 */
import * as fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import unzipper from 'unzipper';
import type { Lock } from '../../artifact/lock.ts';

const { DEPS_LOCK = '', DEPS_DIR = '', AWS_ENDPOINT_URL_S3 = '', AWS_REGION = '' } = process.env;

try {
  const lock = JSON.parse(fs.readFileSync(DEPS_LOCK, 'utf8')) as Lock;
  const artifacts: { name: string; root: string }[] = [];
  for (const { name, s3, published } of lock.artifacts) {
    const root = path.join(DEPS_DIR, name);
    if (!fs.existsSync(root)) {
      const body = await get(`${AWS_ENDPOINT_URL_S3}/${published[AWS_REGION]?.bucket}/${s3.key}`);
      fs.mkdirSync(root, { recursive: true });
      await pipeline(Readable.from([body]), unzipper.Extract({ path: root }));
    }
    artifacts.push({ name, root });
  }
  process.stdout.write(`${JSON.stringify({ ok: true, artifacts })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ ok: false, error: { code: String(error) } })}\n`);
  process.exitCode = 1;
}

function get(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    http
      .get(url, response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
        response.on('error', reject);
      })
      .on('error', reject);
  });
}
