import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type MadeKey, makeKey, writeKeys } from '../../support/access-keys.js';
import { freePort } from '../../support/free-port.js';
import { OidcIssuer, PAGE_CLIENT } from '../../support/oidc-issuer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { assertEverywhere, LOOKS, launch, noBrowser } from './browser.js';
import { serveCars } from './cars.js';

/** Opens the page, which asks to sign in. Problems other than refused requests are added to the array. */
async function open(browser: Browser, url: string): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: LOOKS[0], reducedMotion: 'reduce' });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    // The issuer's own pages lack a font and an icon.
    const isOurs = message.location().url.startsWith(url);
    if (message.type() === 'error' && isOurs && !/status of (401|503) /.test(message.text()))
      problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(`${url}/#try`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  return { page, problems };
}

async function serveWithKeys(t: TestContext, ...keys: readonly MadeKey[]) {
  const path = writeKeys(t, keys);
  return { ...(await serveCars(t, { API_KEYS: path })), path };
}

async function enterKey(page: Page, text: string): Promise<void> {
  await page.getByLabel('API key').fill(text);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();

/** Asserts that no script of the page can read a secret. */
async function assertNothingStored(page: Page, secret: string): Promise<void> {
  const known = await page.evaluate<string>(
    'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, document.body.innerHTML])',
  );
  assert.ok(!known.includes(secret));
  assert.equal(await page.evaluate('document.cookie'), '');
}

test('a user signs in with a key, is offered what it allows, and signs out', { skip: noBrowser }, async (t) => {
  const key = makeKey(['read', 'predict'], { name: 'alice' });
  const { url } = await serveWithKeys(t, key);
  const { page, problems } = await open(await launch(t), url);
  await enterKey(page, 'rr_abcdef_wrong');
  await page.getByText('This key is not accepted').waitFor();
  await enterKey(page, 'schlüssel');
  await page.getByText('Enter an API key.').waitFor();
  await assertEverywhere(page, 'sign-in');
  await page.setViewportSize(LOOKS[0]);
  await enterKey(page, key.text);
  await live(page);
  await page.getByText('Signed in as alice').waitFor();
  await assertNothingStored(page, key.text.slice(-43));

  const nav = page.getByRole('navigation', { name: 'Views' });
  assert.deepEqual(await nav.getByRole('link').allInnerTexts(), ['Monitor', 'Try it', 'Versions', 'API']);
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByText('No prediction yet.').waitFor({ state: 'detached' });
  await nav.getByRole('link', { name: 'Versions' }).click();
  await page.getByRole('row', { name: /Compare version 1/ }).waitFor();
  for (const name of [/Activate/, /Remove/, /Roll back/])
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name));
  assert.equal(await page.getByLabel(/Add a version/).count(), 0);
  await nav.getByRole('link', { name: 'Monitor' }).click();
  await page.getByText('requires the scope metrics').first().waitFor();
  await assertEverywhere(page, 'signed-in');
  await page.setViewportSize(LOOKS[0]);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(problems, []);
});

test('a session that ends leads to a sign-in that keeps what was entered', { skip: noBrowser }, async (t) => {
  const key = makeKey(['admin'], { name: 'alice' });
  const { url } = await serveWithKeys(t, key);
  const { page, problems } = await open(await launch(t), url);
  await enterKey(page, key.text);
  await live(page);
  await page.getByLabel('weight').fill('1234');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  await page.getByText('Signed out', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await assertEverywhere(page, 'session-ended');
  await page.setViewportSize(LOOKS[0]);
  await enterKey(page, key.text);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await live(page);
  assert.equal(await page.getByLabel('weight').inputValue(), '1234');
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByText('No prediction yet.').waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
});

test('a page whose key is revoked asks to sign in by itself, and another user finds nothing of the first', {
  skip: noBrowser,
}, async (t) => {
  const [first, second] = [
    makeKey(['read', 'predict'], { name: 'alice' }),
    makeKey(['read', 'predict'], { name: 'bob' }),
  ];
  const { url, path } = await serveWithKeys(t, first, second);
  const { page } = await open(await launch(t), url);
  await enterKey(page, first.text);
  await live(page);
  await page.getByLabel('weight').fill('1234');
  appendFileSync(path, `${JSON.stringify({ id: first.record.id, revoked: new Date().toISOString() })}\n`);
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  await enterKey(page, second.text);
  await page.getByText('Signed in as bob').waitFor();
  await live(page);
  assert.notEqual(await page.getByLabel('weight').inputValue(), '1234');
});

test('a key without the scope of the page is refused in words', { skip: noBrowser }, async (t) => {
  const key = makeKey(['predict']);
  const { url } = await serveWithKeys(t, key);
  const { page } = await open(await launch(t), url);
  await enterKey(page, key.text);
  await page.getByText(/requires the scope read/).waitFor();
});

/** Fills in the forms of oidc-provider: the sign-in, and the consent. */
async function signInAtIssuer(page: Page, user: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(user);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a user signs in at the issuer, which is another site, and again in a new tab', { skip: noBrowser }, async (t) => {
  const port = await freePort();
  // Chromium counts localhost and 127.0.0.1 as two sites, whatever their ports.
  const url = `http://localhost:${port}`;
  const roles = ['read', 'predict', 'metrics'];
  const issuer = await OidcIssuer.start(t, { callbacks: [`${url}/session/callback`], user: { roles } });
  const secret = join(temporaryDirectory(t), 'secret');
  writeFileSync(secret, PAGE_CLIENT.secret);
  await serveCars(t, {
    PORT: String(port),
    OIDC_ISSUER: issuer.url,
    OIDC_CLIENT_ID: PAGE_CLIENT.id,
    OIDC_CLIENT_SECRET: secret,
    OIDC_SCOPE_CLAIM: 'roles',
  });
  const { page, problems } = await open(await launch(t), url);
  assert.equal(await page.getByLabel('API key').count(), 0);
  await assertEverywhere(page, 'sign-in-oidc');
  await page.setViewportSize(LOOKS[0]);
  await page.getByRole('link', { name: /^Sign in at 127\.0\.0\.1/ }).click();
  await signInAtIssuer(page, 'alice');
  await page.waitForURL(`${url}/`);
  await live(page);
  await page.getByText('Signed in as alice').waitFor();
  const [cookie] = await page.context().cookies(url);
  assert.equal(cookie!.sameSite, 'Strict');
  assert.equal(cookie!.httpOnly, true);
  await assertNothingStored(page, cookie!.value);

  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByLabel('weight').fill('1234');
  // At both sites, as if a day had passed.
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Predict' }).click();
  const opened = page.context().waitForEvent('page');
  await page
    .getByRole('dialog')
    .getByRole('link', { name: /opens a new tab/ })
    .click();
  const tab = await opened;
  await signInAtIssuer(tab, 'alice');
  await tab.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('weight').inputValue(), '1234');
  await tab.getByRole('link', { name: 'Open the page here' }).click();
  await live(tab);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(problems, []);
});
