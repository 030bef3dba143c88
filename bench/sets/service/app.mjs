/** A service that imports this project's own production dependencies at start, and answers with what it can do. */

import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import Router from '@koa/router';
import { SignatureV4 } from '@smithy/signature-v4';
import { ZipArchive } from 'archiver';
import Koa from 'koa';
import unzipper from 'unzipper';

export function createApp() {
  const clients = [new S3Client({ region: 'us-east-1' }), new LambdaClient({ region: 'us-east-1' })];
  const router = new Router();
  router.get('/', ctx => {
    ctx.type = 'json';
    ctx.body = JSON.stringify({
      clients: clients.map(client => typeof client.send),
      signs: typeof SignatureV4.prototype.sign,
      packs: typeof ZipArchive,
      unpacks: typeof unzipper.Open.buffer,
    });
  });
  return new Koa().use(router.routes());
}
