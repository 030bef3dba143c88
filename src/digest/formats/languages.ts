/** File name → the language of its fence. Pure. */

const byExtension: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    bash: 'sh bash zsh',
    c: 'c h',
    cpp: 'cc cpp cxx hpp hh',
    csharp: 'cs',
    css: 'css',
    diff: 'diff patch',
    elixir: 'ex exs',
    go: 'go',
    graphql: 'graphql gql',
    haskell: 'hs',
    hcl: 'tf hcl',
    html: 'html htm',
    ini: 'ini cfg',
    java: 'java',
    javascript: 'js mjs cjs',
    json: 'json jsonc',
    jsx: 'jsx',
    kotlin: 'kt kts',
    lua: 'lua',
    markdown: 'md markdown',
    perl: 'pl pm',
    php: 'php',
    powershell: 'ps1',
    proto: 'proto',
    python: 'py pyi',
    r: 'r',
    ruby: 'rb',
    rust: 'rs',
    scala: 'scala',
    scss: 'scss',
    sql: 'sql',
    svelte: 'svelte',
    swift: 'swift',
    toml: 'toml',
    tsx: 'tsx',
    typescript: 'ts mts cts',
    vue: 'vue',
    xml: 'xml svg',
    yaml: 'yml yaml',
    zig: 'zig',
  }).flatMap(([language, extensions]) => extensions.split(' ').map(extension => [extension, language])),
);

const byName: Readonly<Record<string, string>> = { dockerfile: 'dockerfile', makefile: 'makefile' };

/** Empty when the language is not known. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const extension = name.slice(name.lastIndexOf('.') + 1);
  for (const [table, key] of [
    [byName, name],
    [byExtension, extension],
  ] as const) {
    if (Object.hasOwn(table, key)) return table[key] ?? '';
  }
  return '';
}
