/** Which release a channel goes back to. Pure. */
import type { ChannelMove } from '../publish/channel.ts';

/**
 * The release before the present one, as a history of steps forward: a rollback undoes the steps after its target,
 * so that two rollbacks in a row go back two steps instead of to and fro. `moves` are newest first.
 */
export function previousRelease(moves: readonly ChannelMove[]): string | undefined {
  const steps: string[] = [];
  for (const { release } of [...moves].reverse()) {
    const known = steps.lastIndexOf(release);
    if (known === -1) steps.push(release);
    else steps.length = known + 1;
  }
  return steps.at(-2);
}
