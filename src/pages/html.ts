/** The pages' documents: everything that can be said without a script. Addresses are relative, so a stage prefix works. */

interface Page {
  readonly title: string;
  /** Which link of the navigation is this page. */
  readonly current: string;
  /** Attributes of the body. */
  readonly mode?: string;
  readonly hasKey: boolean;
  readonly main: string;
  readonly scripts: readonly string[];
}

const links = [
  ['docs', 'Try'],
  ['redoc', 'Reference'],
  ['digest', 'Digest'],
  ['openapi.json', 'OpenAPI'],
] as const;

const keyField = `<div class="key">
<label for="key">API key</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="key-state key-hint">
<span id="key-state" role="status"></span>
<small id="key-hint">Kept until this tab is closed, or <a href="auth/set-cookie-form">as a cookie</a></small>
</div>`;

function render({ title, current, mode, hasKey, main, scripts }: Page): string {
  const navigation = links.map(
    ([path, text]) => `<a href="${path}"${path === current ? ' aria-current="page"' : ''}>${text}</a>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/assets/style.css">
</head>
<body${mode ? ` data-mode="${mode}"` : ''}>
<a class="skip" href="#main">To the content</a>
<header>
<p class="brand">GitHub Digest <small id="version"></small></p>
<nav aria-label="Pages">${navigation.join(' ')}</nav>
${hasKey ? keyField : ''}
</header>
${main}
${['page', ...scripts].map(name => `<script src="docs/assets/${name}.js"></script>`).join('\n')}
</body>
</html>
`;
}

export function docsPage(mode: 'try' | 'read'): string {
  return render({
    title: mode === 'try' ? 'GitHub Digest API: try it' : 'GitHub Digest API: reference',
    current: mode === 'try' ? 'docs' : 'redoc',
    mode,
    hasKey: mode === 'try',
    main: `<div class="columns">
<aside>
<label for="search">Find an operation</label>
<input id="search" type="search" autocomplete="off" spellcheck="false">
<nav id="index" aria-label="Operations"></nav>
</aside>
<main id="main" tabindex="-1">
<h1>${mode === 'try' ? 'Try the API' : 'API reference'}</h1>
<p id="status" role="status">Reading the description of the API …</p>
<noscript><p>This page needs JavaScript; <a href="openapi.json">the OpenAPI document</a> does not.</p></noscript>
<div id="operations"></div>
</main>
</div>`,
    scripts: mode === 'try' ? ['try', 'docs'] : ['docs'],
  });
}

function field(id: string, label: string, more = ''): string {
  return `<div><label for="${id}">${label}</label><input id="${id}" autocomplete="off" spellcheck="false" autocapitalize="off"${more}></div>`;
}

export const digestPage = render({
  title: 'Digest a repository',
  current: 'digest',
  hasKey: true,
  main: `<main id="main" tabindex="-1">
<h1>Digest a repository</h1>
<p class="quiet">Its text files as one document, to read or to hand to a model.</p>
<form id="choose">
<div class="fields">
${field('repository', 'Repository', ' required placeholder="owner/name or its address on GitHub"')}
${field('ref', 'Branch, tag or commit', ' placeholder="the default branch"')}
</div>
<p class="buttons"><button type="submit">Show the files</button>
<span class="presets">Presets <button type="button" class="second" data-preset="code">only code</button>
<button type="button" class="second" data-preset="docs">only documents</button>
<button type="button" class="second" data-preset="no-tests">no tests</button>
<button type="button" class="second" data-preset="everything">everything</button></span></p>
<details>
<summary>Filters</summary>
<div class="fields">
${field('include', 'Only these globs, comma between', ' placeholder="src/**, *.md"')}
${field('exclude', 'Not these globs, comma between', ' placeholder="test, *.lock"')}
${field('size', 'Bytes a file at most', ' type="number" min="0" inputmode="numeric"')}
${field('starts', 'Path starts with')}
${field('contains', 'Path contains')}
${field('ends', 'Path ends with')}
</div>
</details>
</form>
<p id="status" role="status"></p>
<section id="chosen" hidden aria-labelledby="files-title">
<h2 id="files-title">Files</h2>
<p id="totals" aria-live="polite"></p>
<div id="notes"></div>
<div class="bar-of-tools"><div><label for="search">Find in the tree</label><input id="search" type="search" autocomplete="off" spellcheck="false"></div>
<div class="buttons"><button id="all" type="button" class="second">Tick all</button> <button id="none" type="button" class="second">Untick all</button></div></div>
<div id="tree"></div>
<div class="fields">
<div><label for="format">Format</label>
<select id="format"><option value="markdown">Markdown</option><option value="xml">XML</option><option value="json">JSON</option><option value="text">Text</option></select></div>
${field('tokens', 'Tokens at most', ' type="number" min="0" inputmode="numeric" placeholder="no limit"')}
</div>
<p class="buttons"><button id="make" type="button">Make the digest</button></p>
</section>
<section id="result" hidden aria-labelledby="result-title">
<h2 id="result-title">Digest</h2>
<p class="buttons"><button id="copy" type="button">Copy</button> <a id="download" class="button" href="#" download>Download</a> <button id="curl" type="button" class="second">Copy curl</button></p>
<textarea id="output" readonly rows="24" aria-labelledby="result-title" spellcheck="false"></textarea>
</section>
</main>`,
  scripts: ['tree', 'digest'],
});
