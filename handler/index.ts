/** The entry of the function package: everything happens in the init phase, at the top level of this module. */
import { start } from './edge/start.ts';
import { readSettings } from './environment.ts';
import { resolveDependencies } from './loader.ts';
import { readLock } from './lock.ts';

const folder = import.meta.dirname;

/**
 * The Lambda handler: HTTP events of API Gateway (REST and HTTP APIs), function URLs and load balancers → the app.
 * Two parameters: Node 24 refuses a handler with three.
 */
export const { handler } = await start({
  folder,
  env: process.env,
  readLock,
  readSettings,
  resolve: resolveDependencies,
});
