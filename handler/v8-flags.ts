/**
 * Imported before all else, by the entry and by what else could be read first.
 *
 * Lambda starts Node with `--expose-gc`
 * (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/blob/main/bin/index.mjs). V8 takes a code cache only
 * under the flags that it was made with, so Node's own, of its built-in modules, is refused and each module is compiled
 * from its text: 15 ms of processor for those that two AWS clients and Koa ask for. Taken back, the flag leaves
 * `gc` where it is; new worker threads do without it. The caches of an artifact are made without the flag too.
 */
import v8 from 'node:v8';

v8.setFlagsFromString('--no-expose-gc');
