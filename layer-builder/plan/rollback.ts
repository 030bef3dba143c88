/** Which release a channel goes back to. Pure. */
import type { ChannelMove } from '../publish/channel.ts';

/**
 * The release before the present one, as a history of steps forward: a rollback undoes the steps after its target,
 * so that two rollbacks in a row go back two steps instead of to and fro. `moves` are newest first.
 */
export function previousRelease(moves: readonly ChannelMove[]): string | undefined {
  const steps: string[] = [];
  for (const { release, rollback } of [...moves].reverse()) {
    const known = rollback === undefined ? -1 : steps.lastIndexOf(rollback);
    if (known !== -1) steps.length = known;
    steps.push(release);
  }
  return steps.at(-2);
}
