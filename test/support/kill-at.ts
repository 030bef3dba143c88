/**
 * Preload (`--import`): counts calls to the file system and the network, and ends the process at call `KILL_AT`
 * by `KILL_SIGNAL`, before the call is made. Prints `calls <name> <name> …` on stderr, in the order they were made,
 * when the process lives to its end.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const at = Number(process.env['KILL_AT'] ?? 0);
const signal = process.env['KILL_SIGNAL'] ?? 'SIGKILL';
const calls: string[] = [];

function count(owner: object, name: string): void {
  const methods = owner as Record<string, (...args: unknown[]) => unknown>;
  const real = methods[name];
  if (typeof real !== 'function') return;
  methods[name] = function (this: unknown, ...args: unknown[]) {
    calls.push(name);
    if (calls.length === at) process.kill(process.pid, signal);
    return real.apply(this, args);
  };
}

for (const name of Object.keys(fs)) if (name.endsWith('Sync')) count(fs, name);
// connect, what is sent, each chunk that arrives, the end
for (const name of ['connect', 'write', 'push', 'destroy']) count(net.Socket.prototype, name);
syncBuiltinESMExports();
process.on('exit', () => process.stderr.write(`calls ${calls.join(' ')}\n`));
