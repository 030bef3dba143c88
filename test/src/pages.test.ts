/** The pages in a real browser: under their own policy, without the world, by keyboard, on a phone. */
import { access } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { playEverybody } from './helpers/everybody.ts';
import { key, serve } from './helpers/serve.ts';

const places = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

async function findChromium(): Promise<string | undefined> {
  for (const place of places) {
    if (
      place &&
      (await access(place).then(
        () => true,
        () => false,
      ))
    )
      return place;
  }
  return undefined;
}

const executablePath = await findChromium();
let browser: Browser | undefined;

test.before(async () => {
  if (executablePath === undefined) return;
  const { chromium } = await import('playwright-core');
  // Root has no sandbox in Chromium; the pages are our own.
  browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
});

test.after.always(async () => browser?.close());

interface Open {
  readonly page: Page;
  readonly url: string;
  /** Violations of the policy, exceptions, and requests to anywhere else. */
  readonly faults: string[];
}

async function open(t: ExecutionContext, path: string, width: number): Promise<Open | undefined> {
  if (browser === undefined) {
    t.log('SKIPPED: no Chromium here; set CHROMIUM_PATH or install it to have the pages tested');
    t.pass();
    return undefined;
  }
  const service = await serve(t, await playEverybody(t));
  const context = await browser.newContext({ viewport: { width, height: 800 } });
  t.teardown(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', error => faults.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error' && /policy|violat/i.test(message.text())) faults.push(message.text());
  });
  page.on('request', request => {
    if (!/^(data:|blob:)/.test(request.url()) && !request.url().startsWith(service.url))
      faults.push(request.url());
  });
  await page.goto(service.url + path);
  return { page, url: service.url, faults };
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

test('on /docs a person enters the key and tries every route', async t => {
  const opened = await open(t, '/docs', 1100);
  if (!opened) return;
  const { page, url, faults } = opened;
  await page.waitForSelector('details.operation');
  await page.waitForSelector('#status', { state: 'hidden' });
  await page.fill('#key', key);
  const ids: string[] = await page.$$eval('details.operation', nodes => nodes.map(node => node.id));
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  t.is(ids.length, Object.values(paths).flatMap(methods => Object.keys(methods)).length);
  t.false(await page.isVisible('#status'), 'nothing went wrong on the way');
  await page.press('#key', 'Enter');
  await page.waitForSelector('#key-state:text-is("Accepted")');
  for (const id of ids) {
    const at = `#${id}`;
    await page.click(`${at} > summary`);
    if (id === 'post_auth_set_auth_cookie')
      await page.fill(`${at} textarea`, JSON.stringify({ cookie_value: key }));
    await page.click(`${at} button`);
    await page.waitForSelector(`${at} [aria-live] pre`);
    t.regex(await page.textContent(`${at} [aria-live] p`).then(String), /^200 OK/, id);
  }
  const curl = await page.textContent('#get_info_version [aria-live] details:last-child pre');
  t.regex(String(curl), /^curl -H "x-api-key: \$KEY" 'http:\/\/127\.0\.0\.1:\d+\/info\/version'$/);
  t.is(await overflow(page), 0);
  t.deepEqual(faults, []);
});

test('an address leads to its operation, words find others, errors say what to do', async t => {
  const opened = await open(t, '/docs#get_github_api_repository', 390);
  if (!opened) return;
  const { page, faults } = opened;
  const at = '#get_github_api_repository';
  await page.waitForSelector(`${at}[open] form`);
  await page.fill(`${at}-owner`, '..');
  await page.press(`${at}-owner`, 'Enter');
  await page.waitForSelector(`${at} [aria-live] pre`);
  t.regex(String(await page.textContent(`${at} [aria-live]`)), /^401 .*Client API key is missing/);
  await page.fill('#key', 'wrong');
  await page.press('#key', 'Enter');
  await page.waitForSelector('#key-state:text-is("Not accepted")');
  await page.fill('#key', key);
  await page.press(`${at}-owner`, 'Enter');
  await page.waitForSelector(`${at} [aria-live] strong:has-text("422")`);
  t.regex(String(await page.textContent(`${at} [aria-live]`)), /owner: String should match pattern/);
  await page.fill('#search', 'digest FILTER');
  t.deepEqual(await page.$$eval('.operation:not([hidden])', nodes => nodes.map(node => node.id)), [
    'get_github_digest_markdown',
    'get_github_digest_repo_files_in_markdown',
    'post_github_digest_markdown_filter',
  ]);
  t.is(await overflow(page), 0);
  t.deepEqual(faults, []);
});

test('the tree on /digest: search, single files, folders that are ticked partly, secrets, curl', async t => {
  const opened = await open(t, '/digest#acme/sample', 1100);
  if (!opened) return;
  const { page, faults } = opened;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.fill('#key', key);
  await page.press('#repository', 'Enter');
  await page.waitForSelector('#tree li');
  await page.fill('#search', 'c.py');
  t.deepEqual(await page.$$eval('#tree input:visible', boxes => boxes.map(box => box.id)), [
    'file-src',
    'file-src/b',
    'file-src/b/c.py',
  ]);
  await page.click('#none');
  t.regex(String(await page.textContent('#totals')), /^3 files/);
  t.true(
    await page.$eval('input[data-path="src/"]', box => 'indeterminate' in box && Boolean(box.indeterminate)),
  );
  await page.fill('#search', '');
  await page.click('#make');
  await page.waitForSelector('#result:not([hidden])');
  const output = await page.inputValue('#output');
  t.true(output.includes('### `src/a.ts`') && !output.includes('### `src/b/c.py`'));
  await page.click('#curl');
  await page.waitForSelector('#curl:text-is("Copied")');
  const curl = String(await page.evaluate('navigator.clipboard.readText()'));
  t.true(curl.includes('"exclude":["/src/b"]') && curl.includes('"ref":"HEAD"'), curl);
  await page.click('#none');
  await page.click('#make');
  t.is(await page.textContent('#status'), 'Nothing is chosen.');
  t.deepEqual(faults, []);
});

test('/redoc shows every operation with its answers, also on a phone', async t => {
  const opened = await open(t, '/redoc', 390);
  if (!opened) return;
  const { page, faults } = opened;
  await page.waitForSelector('article');
  const text = String(await page.textContent('main'));
  for (const word of [
    '/github-digest/markdown/filter',
    'filter_exclude_prefixes',
    'total_size_bytes',
    'Too Many Requests',
  ]) {
    t.true(text.includes(word), word);
  }
  t.is(await overflow(page), 0);
  t.deepEqual(faults, []);
});

test('on /digest a repository is chosen, thinned out and digested by keyboard alone, on a phone', async t => {
  const opened = await open(t, '/digest', 390);
  if (!opened) return;
  const { page, faults } = opened;
  await page.focus('#key');
  await page.keyboard.type(key);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('https://github.com/acme/sample.git');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#tree li');
  t.regex(String(await page.textContent('#status')), /^4 of 4 files at commit /);
  await page.focus('input[data-path="src/"]');
  await page.keyboard.press('Space');
  t.regex(String(await page.textContent('#totals')), /^2 files/);
  await page.focus('#make');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#result:not([hidden])');
  const output = await page.inputValue('#output');
  t.true(output.includes('### `README.md`') && !output.includes('src/a.ts\n```'));
  t.is(await page.getAttribute('#download', 'download'), 'acme-sample.md');
  t.is(await page.evaluate('document.activeElement.id'), 'output');
  t.is(await overflow(page), 0);
  t.deepEqual(faults, []);
});

test('on /digest a wrong key and a bad name are said in words', async t => {
  const opened = await open(t, '/digest', 1100);
  if (!opened) return;
  const { page } = opened;
  await page.fill('#repository', 'not a repository');
  await page.click('#choose button');
  t.is(await page.textContent('#status'), 'Write the repository as owner/name.');
  await page.fill('#repository', 'acme/sample');
  await page.click('#choose button');
  await page.waitForFunction(
    "document.getElementById('status').textContent.startsWith('Client API key is missing')",
  );
  t.pass();
});

test('the cookie that the form sets opens the API to the pages', async t => {
  const opened = await open(t, '/auth/set-cookie-form', 390);
  if (!opened) return;
  const { page, url, faults } = opened;
  await page.fill('#cookie-value', key);
  await page.click('button');
  await page.waitForFunction("document.getElementById('cookie-result').textContent.startsWith('Cookie set')");
  await page.goto(`${url}/docs`);
  await page.click('#get_info_version > summary');
  await page.click('#get_info_version button');
  await page.waitForSelector('#get_info_version [aria-live] pre');
  t.regex(String(await page.textContent('#get_info_version [aria-live] p')), /^200 OK/);
  t.deepEqual(faults, []);
});
