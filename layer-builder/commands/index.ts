/** The list of commands. Each is loaded when it is called: `--help` waits for no SDK and no bundler. */
import type { Command } from '../command.ts';

/** Names in the order of use, each with its one line. */
export const commandSummaries = {
  plan: 'what is heavy and why, what goes where, against every AWS limit; writes nothing',
  build: 'install the lockfile for the target, make the artifacts and deps.lock.json',
  verify: 'prove the artifacts: digest, strict zip check, tree, every entry point loaded in isolation',
  package: 'the function package: handler, app code and lock as one small zip',
  publish: 'the artifacts to S3 and as Lambda layers; a second time changes nothing',
  deploy: 'ship the function of a stage: package, update, test the new version, make it live',
  load: 'run the loader as Lambda would and show its phases',
  unpack: 'the strict unpacker on its own',
  inspect: 'what is inside a zip, an S3 object or a layer, without downloading all of it',
  why: 'who pulls a package in',
  diff: 'what changed between two releases, builds, layers or objects',
  list: 'releases, channels, objects and layer versions of a bucket',
  status: 'what is published, what is deployed, and whether they agree',
  promote: 'move a channel to a release, and the function of its stage with it',
  rollback: 'move a channel back, and the function of its stage with it',
  gc: 'delete what nothing can reach; shows only, unless --apply',
  doctor: 'check credentials, bucket, permissions, functions; print IAM policies',
  conform: 'judge a loader command against the fault list',
  local: 'S3 and Lambda on this machine',
  start: 'the whole flow on S3 and Lambda of this machine: build, publish, deploy twice, serve',
} as const;

export type CommandName = keyof typeof commandSummaries;

export const commandNames = Object.keys(commandSummaries) as readonly CommandName[];

/** Loads one command. */
export async function loadCommand(name: CommandName): Promise<Command> {
  const module: { command: Command } = await import(new URL(`./${name}.ts`, import.meta.url).href);
  return module.command;
}
