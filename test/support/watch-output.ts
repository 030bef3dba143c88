/** Loaded into every process of the suite (ava.config.js): what it prints is searched for canaries, and one fails the run. */
import { refuseCanaries } from './canaries.ts';

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream) as (...parameters: unknown[]) => boolean;
  const watched = (...parameters: unknown[]) => {
    const [chunk] = parameters;
    try {
      refuseCanaries(
        typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString(),
        'output',
      );
    } catch (error) {
      // not here, where the program that writes might catch it
      setImmediate(() => {
        throw error;
      });
    }
    return write(...parameters);
  };
  stream.write = watched as typeof stream.write;
}
