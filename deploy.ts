/** Ships the function of this project: `node deploy.ts --stage dev`, the same as `layer-builder deploy --stage dev`. */
import './layer-builder/remember.js';

process.argv.splice(2, 0, 'deploy');
await import('./layer-builder/cli.ts');
