/** Regions that share a bucket. */

/** The regions of each bucket, in the order given. */
export function regionsPerBucket<Region extends { readonly bucket: string }>(
  regions: readonly Region[],
): Region[][] {
  return [...Map.groupBy(regions, region => region.bucket).values()];
}
