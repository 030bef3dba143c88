/** One canonical spelling of a path: authentication and routing both look at it and nothing else. */

/**
 * Repeated slashes become one and a trailing slash goes. Nothing is decoded, so `%2f`, `;` and dots stay what they are:
 * part of a path that no route has, which needs a key like every unknown path.
 */
export function canonicalPath(path: string): string {
  let canonical = '';
  for (const part of path.split('/')) if (part !== '') canonical += `/${part}`;
  return canonical === '' ? '/' : canonical;
}
