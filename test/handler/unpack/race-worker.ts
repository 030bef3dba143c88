/** One of several threads that unpack to the same place; says how it went. */
import { parentPort, workerData } from 'node:worker_threads';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';

const { zip, into } = workerData as { zip: Uint8Array; into: string };
try {
  unpack(Buffer.from(zip), into);
  parentPort?.postMessage('done');
} catch (error) {
  parentPort?.postMessage(error instanceof HandlerError ? error.code : String(error));
}
