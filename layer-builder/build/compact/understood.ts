/** Pure: what some much used packages do is known to survive a bundle, though the code alone does not show it. */
import type { Hazard } from './hazards.ts';

const understood: readonly { readonly file: RegExp; readonly reason: RegExp }[] = [
  // The template engine that a file's ending names: a package of the app, found by its name from the bundle too.
  { file: /\/node_modules\/express\/lib\/view\.js$/, reason: /requires a module whose name is computed/ },
];

/** The hazards that count. */
export function withoutUnderstood(hazards: readonly Hazard[], file: string): readonly Hazard[] {
  const known = understood.filter(item => item.file.test(file));
  return hazards.filter(({ reason }) => !known.some(item => item.reason.test(reason)));
}
