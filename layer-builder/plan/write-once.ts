/** Whether a bucket policy keeps objects from being written over. Pure. */

/** True when a statement denies everybody every unconditional PutObject below `resource`. */
export function isWriteOnce(policy: string, resource: string): boolean {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
  const covers = (patterns: unknown, text: string) =>
    list(patterns).some(pattern => typeof pattern === 'string' && globOf(pattern).test(text));
  try {
    return list(JSON.parse(policy || '{}').Statement ?? []).some(item => {
      const { Effect, Principal, Action, Resource, Condition = {} } = item as Record<string, unknown>;
      const isEverybody = list((Principal as { AWS?: unknown } | undefined)?.AWS ?? Principal).includes('*');
      const unset = Object.entries((Condition as { Null?: object }).Null ?? {}).some(
        ([key, value]) =>
          key.toLowerCase() === 's3:if-none-match' && list(value).map(String).includes('true'),
      );
      // The parts of a multipart upload have no condition; AWS's own example leaves them out this way.
      const rest = Object.entries(Condition as object).filter(([operator]) => operator !== 'Null');
      const alone = rest.every(
        ([operator, of]) => operator === 'Bool' && Object.keys(of).join() === 's3:ObjectCreationOperation',
      );
      return (
        Effect === 'Deny' &&
        isEverybody &&
        unset &&
        alone &&
        covers(Action, 's3:PutObject') &&
        covers(Resource, resource)
      );
    });
  } catch {
    return false;
  }
}

/** A pattern of IAM: `*` is any text, `?` any character. Actions are compared without regard to case. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is');
}
