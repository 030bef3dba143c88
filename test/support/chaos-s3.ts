/** The misbehaving S3 of `layer-builder conform`, for the tests of our own loader. */
export * from '../../layer-builder/conform/chaos-s3.ts';
