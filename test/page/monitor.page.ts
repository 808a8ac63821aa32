import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, keepScreenshot, LOOKS, launch, noBrowser, visit } from './browser.js';
import { serveCars, Traffic } from './cars.js';

test('the page is quiet while the rows are as in training, and says what moved when they are not', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const traffic = new Traffic(server.url);
  await traffic.send(150);
  const browser = await launch(t);
  const visits = await Promise.all(LOOKS.map((look) => visit(browser, server.url, look)));
  const first = visits[0]!.page;
  await first.getByText('No drift', { exact: true }).waitFor();
  const rows = first.getByRole('table').getByRole('row');
  assert.equal(await rows.count(), 1 + 8, 'a head, seven features and the prediction');
  assert.equal(await first.getByText('as before').count(), 8);
  for (const [i, { page }] of visits.entries()) {
    await page.getByText('No drift', { exact: true }).waitFor();
    await assertAccessible(page, `quiet, ${LOOKS[i]!.name}`);
    await keepScreenshot(page, `monitor-quiet-${LOOKS[i]!.name}`);
  }

  for (let i = 0; i < 3; i++) await traffic.send(100, true);
  for (const [i, { page, problems }] of visits.entries()) {
    await page.getByText(/^Drift since/).waitFor();
    assert.equal(await page.title(), '▲ Drift – Monitor – reconstruction-regressor');
    const verdict = page.getByRole('status').filter({ hasText: 'Drift since' });
    assert.match(await verdict.innerText(), /weight: \d+\s% of rows above the reference range/);
    // The strongest evidence is first.
    await page.getByRole('row', { name: /weight.*above the reference range/ }).waitFor();
    assert.match(await page.locator('.inputs tbody tr').first().innerText(), /weight/);
    await assertAccessible(page, `drift, ${LOOKS[i]!.name}`);
    await keepScreenshot(page, `monitor-drift-${LOOKS[i]!.name}`);
    assert.deepEqual(problems, []);
  }
});

test('a feature opens to its numbers, and the table is sorted, by the keyboard alone', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  await new Traffic(server.url).send(150);
  const { page, problems } = await visit(await launch(t), server.url);
  const weight = page.getByRole('button', { name: 'weight' });
  await weight.focus();
  await page.keyboard.press('Enter');
  assert.equal(await weight.getAttribute('aria-expanded'), 'true');
  await page.getByText('population stability index').waitFor();
  await page.getByRole('rowheader', { name: /up to/ }).waitFor();
  await assertAccessible(page, 'a feature is open');
  await page.keyboard.press('Space');
  assert.equal(await weight.getAttribute('aria-expanded'), 'false');

  await page.getByRole('button', { name: 'Input' }).focus();
  await page.keyboard.press('Enter');
  assert.match(await page.locator('.inputs tbody tr').first().innerText(), /acceleration/);
  assert.equal(await page.getByRole('columnheader', { name: 'Input' }).getAttribute('aria-sort'), 'ascending');
  await page.getByLabel('Latest window').focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('This decides nothing').waitFor();
  assert.deepEqual(problems, []);
});

test('the chart and the tiles go on with the traffic', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  // By another protocol, which counts as well.
  const traffic = new Traffic(server.url, '/v1/models/reconstruction_regressor:predict');
  const { page, problems } = await visit(await launch(t), server.url);
  const picture = page.getByRole('img', { name: /^Chart of the reconstruction error/ });
  assert.match((await picture.getAttribute('aria-label'))!, /No rows have come/);
  const sending = setInterval(() => traffic.send(10).catch(() => {}), 200);
  t.after(() => clearInterval(sending));
  await page.getByRole('img', { name: /the median was 0\.\d+, within the range/ }).waitFor();
  await page.locator('dd', { hasText: /^[1-9].* rows\/s[1-9].* predictions\/s/ }).waitFor();
  await page.getByText(/^99 % below/).waitFor();
  await page.getByText('As numbers').click();
  await page.getByRole('columnheader', { name: 'Held-out median' }).waitFor();
  assert.ok((await page.locator('.numbers tbody tr').count()) > 0);
  assert.deepEqual(problems, []);
});
