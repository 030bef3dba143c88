/** Limits of CPU, memory and processes, by control groups of version 1 or 2 where this process may make them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The group of one execution environment. */
export interface Cgroup {
  /** Files into which a process writes 0 to enter the group with all its descendants. */
  readonly doors: readonly string[];
  /** Cores the group may use, fractions allowed. */
  setCpu(cores: number): void;
  /** Stops and continues every process, as Lambda does between invocations. */
  setFrozen(frozen: boolean): void;
  /** How often the kernel killed a process for memory. */
  oomKills(): number;
  /** Kills what is inside and removes the group. */
  remove(): Promise<void>;
}

export interface Cgroups {
  make(name: string, limits: { memoryMb: number; processes: number }): Cgroup;
  close(): void;
}

type Controller = 'cpu' | 'memory' | 'freezer' | 'pids';
const mountPoint = '/sys/fs/cgroup';
const runName = /^local-aws-run-(\d+)-/;
/** Lambda's period is 20 ms: short, so that a small function is slow evenly and not in bursts. */
const periodUs = 20_000;

/**
 * Groups for the run `name`, which begins with `local-aws-run-` and the process id; undefined where none can be
 * made (no root, no control groups, a container).
 */
export async function openCgroups(name: string): Promise<Cgroups | undefined> {
  try {
    const version2 = existsSync(join(mountPoint, 'cgroup.controllers'));
    const parents = version2 ? enableVersion2() : findVersion1();
    await sweep(parents);
    const own = new Map<string, string>();
    for (const parent of new Set(parents.values())) {
      own.set(parent, join(parent, name));
      mkdirSync(own.get(parent) ?? '', { recursive: true });
      if (version2)
        writeFileSync(join(own.get(parent) ?? '', 'cgroup.subtree_control'), '+cpu +memory +pids');
    }
    const folderOf = (controller: Controller): string => own.get(parents.get(controller) ?? '') ?? '';
    return {
      make: (name, limits) => makeGroup(name, limits, folderOf, version2),
      close: () => own.forEach(removeFolder),
    };
  } catch {
    return undefined;
  }
}

function makeGroup(
  name: string,
  limits: { memoryMb: number; processes: number },
  folderOf: (controller: Controller) => string,
  version2: boolean,
): Cgroup {
  const at = (controller: Controller, file = ''): string => join(folderOf(controller), name, file);
  const folders = [...new Set((['cpu', 'memory', 'freezer', 'pids'] as const).map(c => at(c)))];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const bytes = String(limits.memoryMb * 1024 * 1024);
  writeFileSync(at('memory', version2 ? 'memory.max' : 'memory.limit_in_bytes'), bytes);
  tryWrite(
    at('memory', version2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes'),
    version2 ? '0' : bytes,
  );
  writeFileSync(at('pids', 'pids.max'), String(limits.processes));
  return {
    doors: folders.map(folder => join(folder, 'cgroup.procs')),
    setCpu(cores) {
      const quota = Math.max(1000, Math.round(cores * periodUs));
      if (version2) tryWrite(at('cpu', 'cpu.max'), `${quota} ${periodUs}`);
      else {
        tryWrite(at('cpu', 'cpu.cfs_period_us'), String(periodUs));
        tryWrite(at('cpu', 'cpu.cfs_quota_us'), String(quota));
      }
    },
    setFrozen(frozen) {
      if (version2) tryWrite(at('freezer', 'cgroup.freeze'), frozen ? '1' : '0');
      else tryWrite(at('freezer', 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
    },
    oomKills() {
      const events = read(at('memory', version2 ? 'memory.events' : 'memory.oom_control'));
      return Number(/^oom_kill (\d+)/m.exec(events)?.[1] ?? 0);
    },
    remove() {
      this.setFrozen(false);
      return removeGroup(folders);
    },
  };
}

/** Version 1: one hierarchy a controller; ours go below the group that this process is in. */
function findVersion1(): Map<Controller, string> {
  const parents = new Map<Controller, string>();
  for (const line of read('/proc/self/cgroup').split('\n')) {
    const [, names, path = '/'] = line.split(':');
    for (const name of ['cpu', 'memory', 'freezer', 'pids'] as const) {
      if (names?.split(',').includes(name)) parents.set(name, join(mountPoint, name, path));
    }
  }
  if (parents.size < 4) throw new Error('not every controller is there');
  return parents;
}

/** Version 2: one hierarchy; a group with processes cannot have limited children, so ours hang off the root. */
function enableVersion2(): Map<Controller, string> {
  writeFileSync(join(mountPoint, 'cgroup.subtree_control'), '+cpu +memory +pids');
  return new Map((['cpu', 'memory', 'freezer', 'pids'] as const).map(name => [name, mountPoint]));
}

/** Removes groups of runs that are no more, killing what a crash left frozen in them. Others may do so too. */
async function sweep(parents: Map<Controller, string>): Promise<void> {
  const runs = [...new Set(parents.values())].flatMap(parent =>
    subfolders(parent)
      .filter(name => isOfDeadRun(name))
      .map(name => join(parent, name)),
  );
  const groups = runs.flatMap(run => subfolders(run).map(group => join(run, group)));
  // First of all, in whichever hierarchy: what is frozen cannot die.
  for (const group of groups) tryWrite(join(group, 'freezer.state'), 'THAWED');
  if (runs.length > 0) await removeGroup([...groups, ...runs]);
}

function isOfDeadRun(name: string): boolean {
  const pid = Number(runName.exec(name)?.[1]);
  return pid > 0 && !isAlive(pid);
}

function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  } catch {
    return [];
  }
}

/** Kills what is inside until the folders can be removed: a killed process takes a moment to leave. */
async function removeGroup(folders: readonly string[]): Promise<void> {
  for (let left = 200; left > 0; left--) {
    for (const folder of folders) killAll(folder);
    if (folders.filter(folder => !removeFolder(folder)).length === 0) return;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function killAll(folder: string): void {
  for (const line of read(join(folder, 'cgroup.procs')).split('\n')) {
    const pid = Number(line);
    if (pid > 1 && pid !== process.pid) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone in the meantime: that is what was wanted.
      }
    }
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return true;
}

function tryWrite(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // A limit the kernel does not offer; the line at start says what is enforced.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
