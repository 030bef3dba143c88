/** How layer-builder treats the reference service in src/. docs/building.md lists every key. */
export default {
  service: 'github-digest',
  app: 'src/app.ts',
  artifacts: {
    core: {},
    // what people look at; a request of a program never loads it
    pages: { load: 'lazy', assets: ['src/pages/assets'] },
  },
  function: {
    environment: {
      FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
      // the deployer's environment holds the key or a reference such as ${ssm:/github-digest/api-key}
      FAST_API__AUTH__API_KEY__VALUE: '${env:FAST_API__AUTH__API_KEY__VALUE}',
    },
    smoke: ['/info/health', '/info/version'],
  },
};
