/** The entry of the function package: everything happens in the init phase, at the top level of this module. */
import './v8-flags.ts';
import { start } from './edge/start.ts';
import type { AwsLambda } from './edge/streamed.ts';
import { readSettings } from './environment.ts';
import { resolveDependencies } from './loader.ts';
import { readLock } from './lock.ts';

const folder = import.meta.dirname;

/**
 * `handler`: HTTP events of API Gateway (REST and HTTP APIs), function URLs and load balancers → the app.
 * Two parameters: Node 24 refuses a handler with three. `stream`: the same for function URLs in `RESPONSE_STREAM` mode.
 */
export const { handler, stream } = await start({
  folder,
  env: process.env,
  readLock,
  readSettings,
  resolve: resolveDependencies,
  awslambda: (globalThis as { awslambda?: AwsLambda }).awslambda,
});
