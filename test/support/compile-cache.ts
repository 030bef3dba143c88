/** For Node processes that tests start from TypeScript: what one has stripped and compiled, the next one reads. */
import { fileURLToPath } from 'node:url';

export const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(
    new URL('../../node_modules/.cache/layer-builder-tests', import.meta.url),
  ),
} as const;
