/** Pure: the patterns with which a package.json names its workspaces. */
import { isRecord } from '../../config/check.ts';

/** `packages/*`, `apps/**`, `./tools/cli`: as npm and Yarn read them, without the ones that exclude. */
export function workspacePatterns(workspaces: unknown): RegExp[] {
  const list: unknown = isRecord(workspaces) ? workspaces['packages'] : workspaces;
  const texts = Array.isArray(list) ? list.filter(item => typeof item === 'string') : [];
  return texts
    .map(text => text.replace(/^\.\//, '').replace(/\/$/, ''))
    .filter(text => !text.startsWith('!'))
    .map(text => {
      const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
      const pattern = escaped.replace(/\*\*\/?|\*|\?/g, part =>
        part === '?' ? '[^/]' : part === '*' ? '[^/]+' : '(?:.+)?',
      );
      return new RegExp(`^${pattern}$`);
    });
}
