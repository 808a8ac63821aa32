import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { createRandom } from '../../../src/base/statistics/random.js';
import { startServer } from '../../support/server-process.js';
import { copyStoredVersion } from '../../support/stored-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { assertEverywhere, LOOKS, launch, noBrowser, visit } from './browser.js';
import { CARS, serveCars } from './cars.js';
import { csvOf } from './tables.js';
import { serveNothing, trainOn } from './untrained.js';

const bars = (page: Page) => page.getByRole('table', { name: 'Importance of the columns' }).locator('tbody tr');

/** Draws houses of every type of column, with two targets. */
function houses(rows: number): string {
  const random = createRandom(1);
  const towns = ['Alba', 'Brix', 'Cluny', 'Dole'];
  const lines = Array.from({ length: rows }, () => {
    const [size, town, garden, day] = [
      80 + 20 * random.normal(),
      random.below(4),
      random.below(2),
      random.below(1500),
    ] as const;
    const sold = new Date(Date.UTC(2020, 0, 1) + 86_400_000 * day).toISOString().slice(0, 10);
    const price = 100 * town + 0.05 * day + 0.1 * size + 5 * garden + 3 * random.normal();
    return `${random.uniform() < 0.1 ? '' : size.toFixed(1)},${towns[town]},${garden ? 'yes' : 'no'},${sold},${price.toFixed(2)},${(day / 30 + random.normal()).toFixed(2)}`;
  });
  return `size,town,garden,sold,price,fees\n${lines.join('\n')}\n`;
}

test('the page shows what matters to the serving version: bars with whiskers, and two charts', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'versions');
  await bars(page).first().waitFor();
  assert.equal(await bars(page).count(), 7);
  const figures = await bars(page).locator('td:last-child').allInnerTexts();
  const increases = figures.map((text) => Number.parseFloat(text));
  assert.deepEqual(
    increases,
    increases.toSorted((a, b) => b - a),
    'the most important is first',
  );
  assert.ok(figures.every((text) => text.includes('±')));
  const charts = page.getByRole('img', { name: /^Chart of the mean prediction by/ });
  assert.equal(await charts.count(), 2);
  const first = (await bars(page).first().locator('th').innerText()).trim();
  const heading = page.getByRole('heading', { name: `mpg by ${first}` });
  await heading.waitFor();
  assert.match((await charts.first().getAttribute('aria-label'))!, new RegExp(`by ${first}: from [\\d.]+ at .* to`));
  await page.getByText('Show as table').nth(1).focus();
  await page.keyboard.press('Enter');
  assert.ok((await page.locator('.dependence details[open] tbody tr').count()) > 1);
  await assertEverywhere(page, 'importance-cars');
  assert.deepEqual(problems, []);
});

test('levels are dots, and of several targets each has figures of its own', { skip: noBrowser }, async (t) => {
  const server = await serveNothing(t);
  await trainOn(server.url, houses(1500), { target: 'price,fees', epochs: '30' });
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'versions');
  await page.getByLabel('Target', { exact: true }).selectOption('price');
  assert.match(await bars(page).first().innerText(), /^town/);
  await page.getByRole('heading', { name: 'price by town' }).waitFor();
  const levels = await page.locator('.levels tbody th').allInnerTexts();
  assert.deepEqual(
    levels.map((text) => text.trim()),
    ['Dole', 'Cluny', 'Brix', 'Alba'],
  );
  await assertEverywhere(page, 'importance-levels');
  await page.getByLabel('Target', { exact: true }).selectOption('fees');
  assert.match(await bars(page).first().innerText(), /^sold/);
  await page.getByRole('heading', { name: 'fees by sold' }).waitFor();
  assert.deepEqual(problems, []);
});

test('of seventy columns ten are shown until the user asks for all, with the keyboard', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveNothing(t);
  const names = Array.from({ length: 70 }, (_, i) => `column ${i}`);
  await trainOn(server.url, csvOf(names, 400));
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[3], 'versions');
  await page.getByText('and 60 more columns').waitFor();
  assert.equal(await bars(page).count(), 10);
  assert.match(await bars(page).first().innerText(), /^column 0/);
  await assertEverywhere(page, 'importance-wide');
  await page.getByRole('button', { name: 'Show all 70' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await bars(page).count(), 70);
  assert.deepEqual(problems, []);
});

test('another version can be selected, and one of an earlier release says what to do', {
  skip: noBrowser,
}, async (t) => {
  const store = temporaryDirectory(t);
  copyStoredVersion(join(store, 'reconstruction_regressor'));
  const server = await startServer(t, { MODEL_STORE: store, TRAIN_DATA: CARS });
  await server.logged('model version serves');
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'versions');
  await page.getByText('Version 1 has no figures').waitFor();
  assert.equal(await bars(page).count(), 0);
  await assertEverywhere(page, 'importance-none');
  await trainOn(server.url, readFileSync(CARS, 'utf8'), { target: 'mpg', promote: 'never' });
  await page.reload();
  await page.getByText('Version 1 has no figures').waitFor();
  await page.getByLabel('Version', { exact: true }).selectOption('2');
  await bars(page).first().waitFor();
  assert.deepEqual(problems, []);
});
