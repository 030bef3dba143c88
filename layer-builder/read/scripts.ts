/** Reads what the project decided about its dependencies' install scripts; here they never run, whatever it says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../config/check.ts';
import type { LockEntry } from './lockfile.ts';

/** By name, or by name and versions as in `canvas@2.11.2 || 3.0.0`: allowed, or looked at and not needed. */
export type ScriptPolicy = Readonly<Record<string, boolean>>;

/**
 * npm's `allowScripts`, pnpm's `allowBuilds`, `onlyBuiltDependencies` and `ignoredBuiltDependencies`, Yarn's
 * `dependenciesMeta.*.built`, all in the folder of the lockfile.
 */
export function readScriptPolicy(folder: string): ScriptPolicy {
  const textOf = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  const manifest = recordOf(parsed(textOf('package.json')));
  const pnpm = recordOf(manifest['pnpm']);
  const workspace = textOf('pnpm-workspace.yaml');
  const listed = (value: unknown, answer: boolean) =>
    (Array.isArray(value) ? value : []).map(name => [String(name), answer] as const);
  const built = Object.entries(recordOf(manifest['dependenciesMeta'])).map(
    ([name, meta]) => [name, recordOf(meta)['built']] as const,
  );
  const all: (readonly [string, unknown])[] = [
    ...built,
    ...listed(pnpm['onlyBuiltDependencies'], true),
    ...listed(itemsOf(workspace, 'onlyBuiltDependencies'), true),
    ...listed(pnpm['ignoredBuiltDependencies'], false),
    ...listed(itemsOf(workspace, 'ignoredBuiltDependencies'), false),
    ...itemsOf(workspace, 'allowBuilds').flatMap(item => {
      const [, name = '', answer] = /^["']?(.+?)["']?\s*:\s*(true|false)$/.exec(item) ?? [];
      return answer === undefined ? [] : [[name, answer === 'true'] as const];
    }),
    ...Object.entries(recordOf(manifest['allowScripts'])),
  ];
  return Object.fromEntries(all.filter((pair): pair is [string, boolean] => typeof pair[1] === 'boolean'));
}

/** What the policy says of one package: a refusal wins; undefined when nobody has looked at it. */
export function scriptDecision(policy: ScriptPolicy, entry: LockEntry): boolean | undefined {
  const answers = Object.entries(policy)
    .filter(([key]) => {
      const [, name, versions] = /^(@?[^@]+)(?:@(.+))?$/.exec(key) ?? [];
      const isVersion =
        versions === undefined || versions.split('||').some(item => item.trim() === entry.version);
      return name === entry.name && isVersion;
    })
    .map(([, answer]) => answer);
  return answers.includes(false) ? false : answers[0];
}

/** Items of a block of YAML, as text: `- name` of a list, `name: true` of a mapping. */
function itemsOf(text: string, key: string): string[] {
  const block = new RegExp(`^${key}:\\s*\\n((?:(?:\\s+|- ).*\\n?|\\s*\\n)*)`, 'm').exec(text)?.[1] ?? '';
  return block
    .split('\n')
    .map(line =>
      line
        .replace(/\s+#.*$/, '')
        .trim()
        .replace(/^- /, '')
        .replace(/^["'](.*)["']$/, '$1'),
    )
    .filter(line => line !== '' && !line.startsWith('#'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
