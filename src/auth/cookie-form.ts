/** The small form that sets the cookie; it never shows a current value. */
import type { Answer } from '../declare.ts';

const form = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Set the API key cookie</title>
<link rel="stylesheet" href="../docs/assets/style.css">
</head>
<body>
<main class="narrow">
<h1>Set the API key cookie</h1>
<form id="cookie-form" method="post" action="set-auth-cookie">
<label for="cookie-value">API key</label>
<input id="cookie-value" name="cookie_value" type="password" autocomplete="off" required maxlength="1024">
<button type="submit">Set cookie</button>
</form>
<p id="cookie-result" role="status" aria-live="polite"></p>
<p><a href="../docs">API documentation</a> · <a href="../digest">Digest a repository</a></p>
</main>
<script src="../docs/assets/cookie-form.js"></script>
</body>
</html>
`;

export function answerCookieForm(): Answer {
  return { type: 'text/html; charset=utf-8', body: form, headers: { 'Cache-Control': 'no-store' } };
}
