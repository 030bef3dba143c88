/** The main job, `npm start`: everything on the embedded S3 and Lambda, the same as `layer-builder start`. */
process.argv.splice(2, 0, 'start');
await import('./layer-builder/cli.ts');
