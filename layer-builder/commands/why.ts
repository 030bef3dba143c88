/** `layer-builder why` */
import type { Command } from '../command.ts';
import { nearest } from '../config/check.ts';
import { fail } from '../errors.ts';
import { planBuild } from '../plan/build.ts';
import { isProvided } from '../plan/roots.ts';
import { explainPackage } from '../plan/why.ts';
import type { ProjectFacts } from '../read/project.ts';
import { readProject } from '../read/project.ts';

export const command: Command = {
  name: 'why',
  summary: 'who pulls a package in',
  usage: 'layer-builder why PACKAGE',
  example: 'layer-builder why mime-db',
  options: {},
  positionals: { min: 1, max: 1, names: ['PACKAGE'] },
  async run(context, { positionals: [name = ''] }) {
    const facts = await readProject(context.project, context);
    const plan = planBuild(facts);
    const places = explainPackage(plan, name);
    if (places.length === 0)
      absent(
        name,
        facts,
        plan.artifacts.flatMap(item => item.reach.packages.map(p => p.name)),
      );
    const lines = places.flatMap(place => [
      `${name}@${place.version} in ${place.artifact} (${place.location})`,
      ...place.chains.map(chain => `  ${chain.join(' → ')}`),
    ]);
    return { data: { package: name, places }, text: lines.join('\n') };
  },
};

function absent(name: string, facts: ProjectFacts, inside: readonly string[]): never {
  const locked = [...facts.lockfile.entries.values()].find(entry => entry.name === name && !entry.link);
  const reason = isProvided(name)
    ? 'the runtime provides it'
    : facts.config.exclude.includes(name)
      ? 'the configuration excludes it'
      : locked
        ? 'the lockfile has it, but nothing that the app imports needs it'
        : 'the lockfile does not have it';
  const near = nearest(name, inside);
  return fail('NOT_FOUND', `${name} is in no artifact: ${reason}`, {
    hint:
      locked || near === undefined
        ? 'to add it, name it in the configuration key "include"'
        : `did you mean ${near}?`,
    details: { package: name, reason },
  });
}
