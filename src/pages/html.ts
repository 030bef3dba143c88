/** The pages' documents: everything that can be said without a script. Addresses are relative, so a stage prefix works. */

function shell(title: string, assets: string, body: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets}/style.css">
</head>
${body}
<script src="${assets}/${script}"></script>
</html>
`;
}

const navigation = `<nav aria-label="Pages">
<a href="docs">Try</a> <a href="redoc">Reference</a> <a href="digest">Digest a repository</a> <a href="openapi.json">OpenAPI</a>
</nav>`;

const keyField = `<div class="key">
<label for="key">API key</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="key-hint">
<small id="key-hint">Kept in this page only. Or <a href="auth/set-cookie-form">set it as a cookie</a>.</small>
</div>`;

export function docsPage(mode: 'try' | 'read'): string {
  const body = `<body data-mode="${mode}">
<header>
<h1>GitHub Digest <small id="version"></small></h1>
${navigation}
${mode === 'try' ? keyField : ''}
</header>
<main>
<p id="status" role="status" aria-live="polite">Reading the description of the API …</p>
<noscript><p>This page needs JavaScript; <a href="openapi.json">the OpenAPI document</a> does not.</p></noscript>
<div id="operations"></div>
</main>
</body>`;
  return shell('GitHub Digest API', 'docs/assets', body, 'docs.js');
}

export const digestPage = shell(
  'Digest a repository',
  'docs/assets',
  `<body>
<header>
<h1>Digest a repository</h1>
${navigation}
${keyField}
</header>
<main>
<form id="choose">
<div class="fields">
<div class="wide"><label for="repository">Repository</label>
<input id="repository" required placeholder="owner/name or its address on GitHub" autocomplete="off" spellcheck="false"></div>
<div><label for="ref">Branch, tag or commit</label>
<input id="ref" value="main" required autocomplete="off" spellcheck="false"></div>
</div>
<details>
<summary>Filters</summary>
<div class="fields">
<div><label for="starts">Path starts with</label><input id="starts" autocomplete="off" spellcheck="false"></div>
<div><label for="contains">Path contains</label><input id="contains" autocomplete="off" spellcheck="false"></div>
<div><label for="ends">Path ends with</label><input id="ends" autocomplete="off" spellcheck="false"></div>
<div><label for="include">Only globs, comma between</label><input id="include" placeholder="src/**, *.md" autocomplete="off" spellcheck="false"></div>
<div><label for="exclude">Without globs, comma between</label><input id="exclude" placeholder="test, *.lock" autocomplete="off" spellcheck="false"></div>
<div><label for="size">Bytes a file at most</label><input id="size" type="number" min="0" inputmode="numeric"></div>
<div><label for="tokens">Tokens at most</label><input id="tokens" type="number" min="0" inputmode="numeric"></div>
<div><label for="format">Format</label>
<select id="format"><option value="markdown">Markdown</option><option value="xml">XML</option><option value="json">JSON</option><option value="text">Text</option></select></div>
</div>
</details>
<p class="buttons"><button type="submit">Show the files</button></p>
</form>
<p id="status" role="status" aria-live="polite"></p>
<section id="chosen" hidden aria-labelledby="files-title">
<h2 id="files-title">Files</h2>
<p id="totals" aria-live="polite"></p>
<div id="tree"></div>
<p class="buttons"><button id="make" type="button">Make the digest</button></p>
</section>
<section id="result" hidden aria-labelledby="result-title">
<h2 id="result-title">Digest</h2>
<p class="buttons"><button id="copy" type="button">Copy</button> <a id="download" class="button" href="#" download>Download</a></p>
<textarea id="output" readonly rows="24" aria-labelledby="result-title" spellcheck="false"></textarea>
</section>
</main>
</body>`,
  'digest.js',
);
