import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertEverywhere, LOOKS, launch, noBrowser, storeScreenshot, visit } from './browser.js';
import { csvOf, quote, rowsOf } from './tables.js';
import { NO_MODEL, serveNothing, trainOn } from './untrained.js';

/** Each of these would have an effect if it were treated as anything but text. */
const NAMES = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  'javascript:window.hacked=1',
  '\u202egnp.exe\u202c\u2066 turned',
  '=HYPERLINK("http://127.0.0.1:1/","a")',
  '__proto__',
  'constructor',
  'x'.repeat(256),
  '{{constructor.constructor("window.hacked=1")()}}',
  'a\u0001b\u0007',
];

async function assertHarmless(page: Page, problems: readonly string[], what: string): Promise<void> {
  assert.equal(await page.evaluate('window.hacked'), undefined, what);
  assert.equal(
    await page.evaluate("document.querySelectorAll('img, script:not([src]), iframe, object').length"),
    0,
    what,
  );
  assert.equal(await page.evaluate('({}).polluted'), undefined, what);
  const turned = await page.evaluate(
    "/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.querySelector('main').innerText)",
  );
  assert.equal(turned, false, `${what}: a character reverses the text direction`);
  assert.deepEqual(problems, [], what);
}

test('hostile feature names have no effect', { skip: noBrowser }, async (t) => {
  const server = await serveNothing(t);
  await trainOn(server.url, csvOf(NAMES, 300));
  const instances = rowsOf(NAMES.length, 150).map((row) => row.map((value) => 9 * value));
  await fetch(`${server.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances }),
  });
  const browser = await launch(t);
  for (const look of [LOOKS[0], LOOKS[3]]) {
    const { page, problems } = await visit(browser, server.url, look);
    await page.getByText(/^Drift since/).waitFor();
    assert.equal(await page.locator('.inputs tbody tr').count(), NAMES.length + 1);
    // Shown as text, not as markup.
    await page.getByRole('button', { name: '<img src=x onerror="window.hacked=1">' }).click();
    await page.getByText('population stability index').waitFor();
    await assertAccessible(page, `hostile names, ${look.name}`);
    await storeScreenshot(page, `hostile-monitor-${look.name}`);
    await assertHarmless(page, problems, 'monitor');
    await page.getByRole('link', { name: 'Try it' }).click();
    await page.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.locator('.predictions dd').first().waitFor();
    assert.equal(await page.locator('.residuals tbody tr').count(), NAMES.length);
    await assertAccessible(page, `hostile fields, ${look.name}`);
    await storeScreenshot(page, `hostile-try-${look.name}`);
    await assertHarmless(page, problems, 'try it');
    await page.close();
  }
});

test('a file with a hostile name and hostile cells has no effect', { skip: noBrowser }, async (t) => {
  const server = await serveNothing(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[3], 'train');
  // The browser logs every rejected request to the console.
  const others = () => problems.filter((text) => !NO_MODEL.test(text) && !text.includes('status of 400'));
  const rows = Array.from({ length: 30 }, (_, r) => NAMES.map((_, i) => quote(NAMES[(i + r) % NAMES.length]!)));
  const text = `${NAMES.map(quote).join(',')},y\n${rows.map((cells, r) => `${cells.join(',')},${r || ''}\n`).join('')}`;
  await page.getByLabel('Drop a CSV file here').setInputFiles({
    name: `<img src=x onerror=window.hacked=1>\u202egnp.${'y'.repeat(300)}.csv`,
    mimeType: 'text/csv',
    buffer: Buffer.from(text),
  });
  await page.getByText(/1 of 30 rows left out/).waitFor();
  assert.equal(await page.locator('.columns tbody tr').count(), NAMES.length + 1);
  await assertEverywhere(page, 'hostile-file');
  await assertHarmless(page, others(), 'train');
  // Files that are not CSV are reported and have no effect either.
  for (const [text, message] of [
    ['\u0000\u0001PK\u0003', 'it is not text'],
    ['a,"b\n1,2', 'a quote in column 2 is not closed'],
  ] as const) {
    const buffer = Buffer.from(text);
    await page.getByLabel('Drop a CSV file here').setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer });
    await page.getByRole('alert').getByText(message).waitFor();
  }
  await assertHarmless(page, others(), 'no CSV');
});

test('a hostile target name has no effect in a training, its result, the version list or the comparison', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveNothing(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  const target = '<img src=x onerror="window.hacked=1">\u202egnp';
  const csv = csvOf(['a', 'b'], 300, target);
  await page.getByLabel('Drop a CSV file here').setInputFiles({
    name: 'target.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(csv),
  });
  await page.getByText('target: the column to predict').waitFor();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByText('Version 1 is now serving').waitFor();
  await page.getByRole('rowheader', { name: '<img src=x' }).last().waitFor();
  await assertEverywhere(page, 'hostile-result');
  await trainOn(server.url, csv, { target });
  await page.getByRole('link', { name: 'Versions' }).click();
  for (const version of [1, 2]) await page.getByLabel(`Compare version ${version}`).check();
  await page.getByRole('button', { name: 'Compare selected' }).click();
  await page.getByRole('row', { name: /RMSE <img src=x/ }).waitFor();
  await page.getByText(/<img src=x.*probe rows, version 2 differs/).waitFor();
  await assertEverywhere(page, 'hostile-versions');
  await assertHarmless(
    page,
    problems.filter((text) => !NO_MODEL.test(text)),
    'target',
  );
});

test('the page handles one feature and two hundred features', { skip: noBrowser }, async (t) => {
  const browser = await launch(t);
  for (const width of [1, 200]) {
    const server = await serveNothing(t);
    const names = Array.from({ length: width }, (_, i) => `feature ${i + 1}`);
    await trainOn(server.url, csvOf(names, 300));
    for (let i = 0; i < 6; i++) {
      await fetch(`${server.url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ instances: rowsOf(width, 100, i) }),
      });
    }
    for (const look of width > 1 ? [LOOKS[3]] : [LOOKS[0], LOOKS[3]]) {
      const { page, problems } = await visit(browser, server.url, look);
      await page.locator('.inputs tbody tr').first().waitFor();
      if (width > 25) await page.getByRole('button', { name: `Show all ${width + 1}` }).click();
      assert.equal(await page.locator('.inputs tbody tr').count(), width + 1);
      await assertAccessible(page, `${width} features, ${look.name}`);
      await storeScreenshot(page, `features-${width}-${look.name}`);
      await page.getByRole('link', { name: 'Try it' }).click();
      await page.getByRole('button', { name: 'Predict', exact: true }).click();
      await page.locator('.predictions dd').first().waitFor();
      assert.equal(await page.locator('.residuals tbody tr').count(), width);
      await assertAccessible(page, `trying ${width} features, ${look.name}`);
      assert.deepEqual(problems, []);
      await page.close();
    }
  }
});
