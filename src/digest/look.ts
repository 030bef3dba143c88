/** What a digest says of a text besides the text: how long it is, and what in it looks like a secret. */
import type { Look, TextFacts } from '../repository/snapshot.ts';
import { findLeaks } from './leaks.ts';

/** Warnings in one digest; more say nothing new. */
export const mostLeaks = 100;
/** In one archive: what a stranger writes must not fill the memory. */
const mostNoted = 10 * mostLeaks;

export function factsOf(text: Buffer): TextFacts {
  const characters = text.toString();
  return { characters: characters.length, leaks: findLeaks(characters, mostLeaks) };
}

/** For one archive. Looks at texts while they are read, so that they need not be unpacked again for it. */
export function createLook(): Look {
  let noted = 0;
  return text => {
    if (noted >= mostNoted) return undefined;
    const facts = factsOf(text);
    noted += facts.leaks.length;
    return facts;
  };
}
