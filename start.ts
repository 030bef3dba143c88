/** The main job, `npm start`: everything on the embedded S3 and Lambda, the same as `layer-builder start`. */
import './layer-builder/remember.js';

process.argv.splice(2, 0, 'start');
await import('./layer-builder/cli.ts');
