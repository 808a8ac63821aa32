import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPrefixProxy } from '../../support/prefix-proxy.js';
import { launch, noBrowser, visit } from './browser.js';
import { serveCars } from './cars.js';

test('behind a prefix the page is live, and the API page sends its requests there', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const base = await startPrefixProxy(t, server.url);
  const { page, problems } = await visit(await launch(t), base.replace(/\/$/, ''));
  await page.getByRole('link', { name: 'API' }).click();
  await page.waitForURL(`${base}docs/`);
  await page.locator('[id$="isLive"] .opblock-summary-control').click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.locator('.request-url', { hasText: `${base}livez` }).waitFor();
  await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
  assert.deepEqual(problems, []);
});
