import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { assertAccessible, assertEverywhere, launch, noBrowser, storeScreenshot } from './browser.js';
import { serveCars } from './cars.js';
import { trainOn } from './untrained.js';

/** Columns and levels whose names are markup, two targets, dates, gaps and truth values. */
function hostileTable(): string {
  const cities = ['<img src=x onerror=alert(1)>', 'Rome', '"Paris"'];
  const lines = Array.from({ length: 600 }, (_, i) => {
    const x = Math.sin(i) * 10;
    const city = cities[i % 3]!;
    const day = new Date(Date.UTC(2024, 0, 1 + (i % 300))).toISOString().slice(0, 10);
    const price = Math.exp(3 + x / 10 + (i % 7) / 10);
    const cells = [
      i % 5 === 0 ? '' : x.toFixed(3),
      `"${city.replaceAll('"', '""')}"`,
      day,
      i % 2 === 0,
      price.toFixed(2),
      (3 * x + (i % 4)).toFixed(2),
    ];
    return cells.join(',');
  });
  return ['<script>alert(1)</script>,city,day,open,"price & more",y', ...lines].join('\n');
}

test('a report that was saved opens from the disk: no request, no script, and it prints', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  await trainOn(server.url, hostileTable(), { target: 'price & more,y', replace: 'true', epochs: '10' });
  const browser = await launch(t);
  const directory = temporaryDirectory(t);
  for (const version of [1, 2]) {
    const html = await (await fetch(`${server.url}/models/${version}/report`)).text();
    const path = join(directory, `report-${version}.html`);
    writeFileSync(path, html);
    // With scripts, which axe needs; the policy of the page would otherwise stop them.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('dialog', (dialog) => {
      problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    assert.deepEqual(requests, [pathToFileURL(path).href]);
    await assertEverywhere(page, `report-${version}`);
    assert.equal(await page.locator('script, img').count(), 0);
    const wellFormed = await page.evaluate(
      (text) => {
        const parse = (
          globalThis as unknown as { DOMParser: new () => { parseFromString(text: string, type: string): unknown } }
        ).DOMParser;
        const document = new parse().parseFromString(text, 'application/xhtml+xml') as {
          querySelector(name: string): { textContent: string } | null;
        };
        return document.querySelector('parsererror')?.textContent ?? 'well formed';
      },
      html.replace('<html ', '<html xmlns="http://www.w3.org/1999/xhtml" '),
    );
    assert.equal(wellFormed, 'well formed');

    await page.emulateMedia({ media: 'print' });
    // The width of A4 without its margins.
    await page.setViewportSize({ width: 680, height: 960 });
    await assertAccessible(page, `report ${version}, printed`);
    await storeScreenshot(page, `report-${version}-print`);
    const pdf = await page.pdf({ format: 'A4' });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    assert.deepEqual(problems, []);
    await context.close();
  }
});

test('the report that the service sends breaks no policy, its own included', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const page = await (await launch(t)).newPage();
  const problems: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  await page.goto(`${server.url}/models/production/report`);
  await page.getByRole('heading', { name: 'Quantitative analyses' }).waitFor();
  const font = await page.locator('body').evaluate((body) => {
    const { getComputedStyle } = globalThis as unknown as { getComputedStyle(element: unknown): { maxWidth: string } };
    return getComputedStyle(body).maxWidth;
  });
  assert.notEqual(font, 'none', 'its style sheet is applied');
  assert.deepEqual(problems, []);
});
