/** Pure: which files of an installed package nothing at run time can need. */

/** Kept whatever else says otherwise: distributing a package without them breaks its licence. */
const legal = /^(licen[cs]es?|notices?|copying|copyright|patents?|third[-_.]?party[-_.a-z]*)([-_.].*)?$/i;

/** Read by tools and people, never by Node: TypeScript is not stripped below node_modules. */
const unused = /\.(d\.[cm]?ts|[cm]?tsx?|map|flow|md|markdown|mkd|tsbuildinfo|coffee|rst)$/i;
const unusedNames =
  /^(readme|changelog|changes|history|contributing|authors|contributors|code_of_conduct|security|makefile|gulpfile\.js|gruntfile\.js|bower\.json|component\.json|tsconfig(\..+)?\.json|tslint\.json|\.(eslint|prettier|jshint|jscs|nyc|babel|editorconfig|travis|npmignore|gitattributes|gitignore|airtap|tape|taprc|dockerignore).*)$/i;

/** Only directly below the package: `yaml/dist/doc` holds code that `yaml` needs. */
const unusedFolders =
  /^(tests?|__tests__|docs?|examples?|coverage|benchmarks?|\.github|\.circleci|\.vscode|\.idea|\.husky)$/i;

/** Packages whose declaration files are their data. */
const wholePackages = new Set(['typescript']);

/**
 * True when the file may be left out. `path` is relative to its package; `mentions` tells whether package.json
 * or the package's own code refers to a top folder, and then that folder stays.
 */
export function isPrunable(
  packageName: string,
  path: string,
  mentions: (folder: string) => boolean,
): boolean {
  if (wholePackages.has(packageName)) return false;
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  if (isLegal(name)) return false;
  const [top = ''] = parts;
  if (parts.length > 1 && unusedFolders.test(top) && !mentions(top)) return true;
  return unused.test(name) || unusedNames.test(name);
}

export function isLegal(name: string): boolean {
  return legal.test(name) && !/\.([cm]?js|json|node)$/i.test(name);
}
