/** Pure: which of a project's settings a private install keeps: where packages come from, and what the lockfile says. */

/** Top-level keys of pnpm-workspace.yaml that decide what a lockfile must look like. */
const pnpmKeys = new Set(
  [
    ['packages', 'catalog', 'catalogs', 'overrides', 'packageExtensions', 'patchedDependencies'],
    ['allowUnusedPatches', 'allowNonAppliedPatches', 'ignoredOptionalDependencies', 'autoInstallPeers'],
    ['excludeLinksFromLockfile', 'injectWorkspacePackages', 'peersSuffixMaxLength', 'linkWorkspacePackages'],
    ['preferWorkspacePackages', 'dedupePeerDependents', 'dedupePeers', 'dedupeDirectDeps', 'registries'],
  ].flat(),
);

/** Keys of .yarnrc.yml with the same right, and those that say how to reach a registry. */
const yarnKeys = new Set(
  [
    [
      'packageExtensions',
      'catalog',
      'catalogs',
      'compressionLevel',
      'defaultProtocol',
      'unsafeHttpWhitelist',
    ],
    ['npmRegistryServer', 'npmScopes', 'npmRegistries', 'npmAlwaysAuth', 'npmAuthToken', 'npmAuthIdent'],
    ['httpProxy', 'httpsProxy', 'httpTimeout', 'httpRetry', 'networkConcurrency', 'networkSettings'],
    ['caFilePath', 'httpsCaFilePath', 'httpsCertFilePath', 'httpsKeyFilePath', 'enableStrictSsl'],
  ].flat(),
);

const npmrcLine =
  /^(auto-install-peers|exclude-links-from-lockfile|inject-workspace-packages|peers-suffix-max-length|link-workspace-packages|prefer-workspace-packages|dedupe-[\w-]+)\s*=/;

const yarnrcLine =
  /^"?(registry|@[^:]+:registry|(https?-)?proxy|noproxy|cafile|strict-ssl|network-timeout)"?\s/;

export function pnpmWorkspaceSettings(text: string): string {
  return keepBlocks(text, pnpmKeys);
}

export function yarnSettings(text: string): string {
  return keepBlocks(text, yarnKeys);
}

/** Lines of .npmrc that pnpm up to version 10 reads and a lockfile depends on. */
export function pnpmNpmrcSettings(text: string): string {
  return linesLike(text, npmrcLine);
}

export function classicYarnSettings(text: string): string {
  return linesLike(text, yarnrcLine);
}

/** Path of the release of Yarn that the project brings along, as its settings name it. */
export function yarnPathOf(text: string): string | undefined {
  return /^(?:yarnPath:|yarn-path)\s+["']?([^"'\n]+?)["']?\s*$/m.exec(text)?.[1];
}

/** The blocks of a YAML mapping whose key is wanted: from its line to the next that starts in the first column. */
function keepBlocks(text: string, wanted: ReadonlySet<string>): string {
  let keep = false;
  const kept = text.split(/\r?\n/).filter(line => {
    const key = /^(["']?)([A-Za-z][\w-]*)\1\s*:/.exec(line)?.[2];
    if (key !== undefined) keep = wanted.has(key);
    // A list may stand in the column of its key.
    else if (/^[^\s#-]/.test(line)) keep = false;
    return keep && !line.startsWith('---');
  });
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

function linesLike(text: string, pattern: RegExp): string {
  const lines = text.split(/\r?\n/).filter(line => pattern.test(line.trim()));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
