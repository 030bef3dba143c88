/** Name and version of the service, taken from package.json when the app is bundled. */
import manifest from '../package.json' with { type: 'json' };

export const serviceName = 'github-digest';
export const serviceVersion = `v${manifest.version}`;
