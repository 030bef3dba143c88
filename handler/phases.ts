/** A stopwatch that names what passed: one figure a phase, in milliseconds. */
import type { Clock } from './clock.ts';
import type { Phase } from './loader.ts';

export interface PhaseTimer {
  /** Ends the running stretch and counts it to this phase. */
  lap(phase: Phase): void;
  /** A figure measured elsewhere; the running stretch starts anew. */
  set(phase: Phase, ms: number): void;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
}

export function startPhases(clock: Clock): PhaseTimer {
  const phases: Partial<Record<Phase, number>> = {};
  let since = clock.monotonic();
  return {
    phases,
    lap(phase) {
      const now = clock.monotonic();
      phases[phase] = (phases[phase] ?? 0) + now - since;
      since = now;
    },
    set(phase, ms) {
      phases[phase] = ms;
      since = clock.monotonic();
    },
  };
}
