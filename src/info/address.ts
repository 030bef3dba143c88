/** Under which address the service reaches the world. */
import { type Answer, json } from '../declare.ts';
import type { Services } from '../services.ts';
import type { AddressSource } from '../settings.ts';
import { readAddress } from '../upstream/address.ts';

interface AddressCall {
  readonly services: Services;
  readonly signal: AbortSignal;
}

export async function answerAddress({ services, signal }: AddressCall): Promise<Answer> {
  const source = services.settings.addressUrls.check_ip__amazon_aws;
  const { text, duration } = await readAddress(source, services.measure, signal);
  return json({ ip_address: text, duration, source: 'checkip.amazonaws.com' });
}

/** All at once; a source that fails says so in its own place and leaves the others alone. */
export async function answerAddresses({ services, signal }: AddressCall): Promise<Answer> {
  const { measure, settings } = services;
  const { addressUrls } = settings;
  const sources = Object.keys(addressUrls) as AddressSource[];
  const answers = await Promise.all(
    sources.map(async source => {
      const start = performance.now();
      const failed = (error: unknown) => ({
        headers: {},
        text: '',
        duration: Math.round(performance.now() - start) / 1000,
        error: error instanceof Error ? error.message : 'failed',
      });
      return [source, await readAddress(addressUrls[source], measure, signal).catch(failed)] as const;
    }),
  );
  return json(Object.fromEntries(answers));
}
