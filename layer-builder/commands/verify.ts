/** `layer-builder verify` */
import { type VerifiedArtifact, verifyProject } from '../build/verify.ts';
import type { Command } from '../command.ts';
import { count } from '../report/table.ts';

export const command: Command = {
  name: 'verify',
  summary: 'prove the artifacts: digest, strict zip check, tree, every entry point loaded in isolation',
  usage: 'layer-builder verify [--rebuild]',
  example: 'layer-builder verify --rebuild',
  options: {
    rebuild: { type: 'boolean', help: 'build again from nothing and name the first differing file and byte' },
  },
  async run(context, { values }) {
    const result = await verifyProject(context.project, {
      rebuild: values['rebuild'] === true,
      progress: context.progress,
      env: context.env,
      signal: context.signal,
    });
    for (const warning of result.warnings) context.warn(`warning: ${warning}`);
    const lines = result.artifacts.map(item => {
      const rebuilt = item.rebuilt ? ', rebuilt to the same bytes' : '';
      return `${item.name}: ${count(item.files, 'file')} as in the lock, ${loaded(item, result.node)}${rebuilt}`;
    });
    return { data: result, text: lines.join('\n') };
  },
};

function loaded({ packages, loaded }: VerifiedArtifact, node: string): string {
  if (packages === 0) return 'no packages';
  if (loaded.length === 0) return 'not loaded: this machine cannot run its code';
  return `${count(loaded.length, 'entry point')} loaded on Node ${node}`;
}
