/** Pure: what some much used packages do is known to survive a bundle, though the code alone does not show it. */
import type { Hazard } from './hazards.ts';

const understood: readonly { readonly file: RegExp; readonly reason: RegExp }[] = [
  // The template engine that a file's ending names: a package of the app, found by its name from the bundle too.
  { file: /\/node_modules\/express\/lib\/view\.js$/, reason: /requires a module whose name is computed/ },
  // Looks whether a plugin is the whole of some file, to name it in a message; else it takes the function's name.
  { file: /\/node_modules\/fastify\/lib\/plugin-utils\.js$/, reason: /reads require\.cache/ },
  // `module["require"]("timers")`, hidden from bundlers for browsers.
  { file: /\/node_modules\/react\/cjs\/react\.development\.js$/, reason: /(reads|uses) module/ },
];

/** The hazards that count. */
export function withoutUnderstood(hazards: readonly Hazard[], file: string): readonly Hazard[] {
  const known = understood.filter(item => item.file.test(file));
  return hazards.filter(({ reason }) => !known.some(item => item.reason.test(reason)));
}
