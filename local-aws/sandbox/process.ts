/** The last rung, for every machine: a plain process. Nothing is isolated; Lambda's paths are folders of the run. */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxed } from './child.ts';
import { removeTree } from './remove.ts';
import { findProgram } from './shell.ts';
import type { Parts, Sandbox, Slot } from './types.ts';

/** The rung. `folder` is the run's own; it must not lie inside a project, or Node finds that project's modules. */
export function openProcess(folder: string): Sandbox {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return {
    kind: 'process',
    isolated:
      'process: nothing is isolated or limited; code runs as you, with your files and your network, and /opt and /var/task are temporary folders',
    async makeSlot(name, parts) {
      const place = join(folder, name);
      await mkdir(join(place, 'tmp'), { recursive: true });
      return slotOf(place, parts, setpriv);
    },
    async close() {},
  };
}

function slotOf(place: string, parts: Parts, setpriv: string | undefined): Slot {
  const view = {
    task: parts.task,
    opt: parts.opt,
    runtime: parts.runtime,
    node: parts.node,
    tmp: join(place, 'tmp'),
  };
  return {
    view,
    start(launch) {
      const command = [...launch.command];
      // Linux ends the function when this server is killed; elsewhere it ends at its next call to the Runtime API.
      if (setpriv) command.unshift(setpriv, '--pdeathsig', 'KILL', '--');
      const [program = parts.node, ...args] = command;
      const child = spawn(program, args, {
        cwd: view.task,
        env: { ...launch.environment, TMPDIR: view.tmp },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: process.platform !== 'win32',
      });
      return sandboxed(child, { leads: process.platform !== 'win32' });
    },
    remove: () => removeTree(place),
  };
}
