import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { until } from '../../support/until.js';
import { assertEverywhere, LOOKS, launch, noBrowser, storeScreenshot, visit } from './browser.js';
import { CARS, serveCars, Traffic } from './cars.js';
import { trainOn } from './untrained.js';

/** Pixels: higher than a letter, lower than a line from the top to the bottom of the chart. */
const HALF_CHART = 100;

test('the page shows no drift for rows like the training data, and names the changed feature when drift begins', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const traffic = new Traffic(server.url);
  await traffic.send(150);
  const { page, problems } = await visit(await launch(t), server.url);
  await page.getByText('No drift', { exact: true }).waitFor();
  const rows = page.getByRole('table').getByRole('row');
  assert.equal(await rows.count(), 1 + 8, 'a head, seven features and the prediction');
  assert.equal(await page.getByText('no change').count(), 8);
  const { engine } = (await (await fetch(`${server.url}/model`)).json()) as { engine: string };
  const tile = (label: string) => page.locator('.tile', { has: page.getByText(label, { exact: true }) }).locator('dd');
  assert.equal(await tile('Engine').innerText(), `${engine}\n7 features, 1 target`);
  assert.match(await tile('Serving').innerText(), /^version 1\n/);
  assert.match(await tile('Ready').innerText(), /^yes\n/);
  await assertEverywhere(page, 'monitor-quiet');
  assert.equal(await page.locator('.strip i').count(), 0, 'the timeline shows no alarm');

  for (let i = 0; i < 3; i++) await traffic.send(100, true);
  await page.getByText(/^Drift since/).waitFor();
  assert.equal(await page.title(), '▲ Drift – Monitor – reconstruction-regressor');
  const verdict = page.getByRole('status').filter({ hasText: 'Drift since' });
  assert.match(await verdict.innerText(), /weight: \d+\s% of rows above the reference range/);
  // What the alarm was raised on is shown first, with the likeliest cause first.
  const first = page.locator('.inputs tbody tr').first();
  await page.getByRole('row', { name: /weight.*above the reference range/ }).waitFor();
  assert.match(await first.innerText(), /weight/);
  assert.ok(await page.getByRole('radio', { name: 'At the alarm' }).isChecked());
  await page.getByText(/alarm raised at \d\d:\d\d:\d\d by a (chart|window test)/).waitFor();
  await assertEverywhere(page, 'monitor-alarm');
  await page.getByRole('radio', { name: 'Latest window' }).check();
  await page.getByText(/rows, tested at/).waitFor();
  // The page follows the reports of the service, which change for another window or two.
  await until('evidence and distribution of the latest window are shown', 30, async () => {
    const { windows } = (await (await fetch(`${server.url}/drift`)).json()) as {
      windows: { columns: ReportedColumn[] }[];
    };
    const reported = windows[0]!.columns.find(({ name }) => name === 'weight')!;
    const [score, threshold] = (await first.locator('.figures').innerText()).split('of').map(Number);
    assert.ok(reported.score > reported.threshold);
    assert.ok(Math.abs(score! / reported.score - 1) < 0.05, `${score} for ${reported.score}`);
    assert.ok(Math.abs(threshold! / reported.threshold - 1) < 0.05, `${threshold} for ${reported.threshold}`);
    assert.deepEqual(await steps(first.locator('.before')), heights(reported.reference, reported.recent));
    assert.deepEqual(await steps(first.locator('polyline.now')), heights(reported.recent, reported.reference));
    return true;
  });

  // The timeline shows which group raised the alarm and when; the chart above is shaded.
  const timeline = page.locator('.alarm-timeline .raised', { hasText: 'Distributions' });
  await timeline.getByText(/alarm since \d\d:\d\d/).waitFor();
  await timeline.locator('.strip i').first().waitFor();
  await until('the alarm is shaded', 30, async () => (await tallestColumn(page, '--alarm')) > 0);
  await assertEverywhere(page, 'monitor-drift');
  assert.deepEqual(problems, []);
});

test('a page that an overloaded service refuses asks again, and does not call drift monitoring off', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const page = await (await launch(t)).newPage();
  const refused: string[] = [];
  for (const path of ['readyz', 'drift', 'model', 'drift/history'])
    await page.route(`${server.url}/${path}`, (route) => {
      if (refused.includes(path)) return route.continue();
      refused.push(path);
      return route.fulfill({
        status: 503,
        headers: { 'retry-after': '1' },
        json: { error: 'try again later', code: 'OVERLOADED', request_id: '1' },
      });
    });
  const verdict = page.getByRole('status').locator('.verdict');
  const seen: string[] = [];
  await page.exposeFunction('see', (text: string) => seen.push(text));
  await page.addInitScript(`setInterval(() => see(document.querySelector('.verdict')?.innerText ?? ''), 50)`);
  await page.goto(`${server.url}/#monitor`);
  await verdict.getByText('No drift', { exact: true }).waitFor();
  await until('each read was refused once', 30, async () => refused.length === 4);
  await verdict.getByText('No drift', { exact: true }).waitFor();
  const wrong = seen.filter((text) => /is off|No model|not responding/.test(text));
  assert.deepEqual(wrong, []);
});

test('an open page shows that rows come again, although repeats are not counted', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url);
  await page.getByText('No drift', { exact: true }).waitFor();
  // Each begins with the same rows.
  const sendSame = () => new Traffic(server.url).send(20);
  await sendSame();
  await page
    .getByRole('status')
    .getByText(/: (1\d|20) of 100 rows so far/)
    .waitFor();
  for (let i = 0; i < 30; i++) await sendSame();
  await page.getByText(/ % of recent rows repeat one of the 64 rows before them/).waitFor();
  assert.deepEqual(problems, []);
});

/** A column in the reply of `GET /drift`. */
interface ReportedColumn {
  readonly name: string;
  readonly score: number;
  readonly threshold: number;
  readonly reference: readonly number[];
  readonly recent: readonly number[];
}

/** Reads the heights of the drawn steps, from 0 to 30. */
async function steps(shape: Locator): Promise<number[]> {
  const points = (await shape.getAttribute('points'))!.split(' ').map((point) => Number(point.split(',')[1]));
  // Skips the corners on the baseline; each step has two ends.
  return points.slice(1, -1).flatMap((y, i) => (i % 2 === 0 ? [Math.round(30 - y)] : []));
}

/** Computes the heights of the counts, relative to the largest share of both histograms. */
function heights(counts: readonly number[], others: readonly number[]): number[] {
  const shares = [counts, others].map((all) => all.map((count) => count / all.reduce((sum, one) => sum + one)));
  return shares[0]!.map((share) => Math.round((30 * share) / Math.max(...shares.flat())));
}

/** Returns the largest number of pixels of exactly this style sheet colour in one column of the chart canvas. */
function tallestColumn(page: Page, colour: string): Promise<number> {
  return page.evaluate<number>(`{
    const canvas = document.querySelector('.plot canvas');
    const value = getComputedStyle(canvas).getPropertyValue('${colour}').trim();
    const rgb = [1, 3, 5].map((i) => Number.parseInt(value.slice(i, i + 2), 16));
    const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Uint32Array(width);
    for (let i = 0; i < data.length; i += 4) {
      if (rgb.every((part, k) => data[i + k] === part) && data[i + 3] === 255) counts[(i / 4) % width]++;
    }
    Math.max(...counts);
  }`);
}

test('labelled rows have a tile beside the held-out rows, and changed targets are the verdict', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url);
  const tile = page.locator('.tile', { hasText: 'Prediction error (RMSE)' }).locator('dd');
  await page.getByText('No drift', { exact: true }).waitFor();
  assert.match(await tile.innerText(), /^–\nno labels yet; [\d.]+ on held-out rows$/);

  const rows = readFileSync(CARS, 'utf8').trim().split('\n');
  const names = rows[0]!.split(',');
  const cars = rows
    .slice(1)
    .map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], Number(cell)])));
  const instances = cars.slice(0, 100).map((car) => ({ ...car, mpg: 60 - car['mpg']! }));
  const response = await fetch(`${server.url}/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances, target: 'mpg' }),
  });
  assert.equal(response.status, 200, await response.text());
  await page.getByText(/^Drift since .* in prediction error, by feedback, coverage of intervals$/).waitFor();
  await page
    .getByText(/By labelled rows, mpg: errors of \d+ of \d+ rows are as large as the largest [\d.]+ % on held-out rows/)
    .waitFor();
  await page
    .getByText(/; mpg: intervals that are to cover \d+ % cover [\d.]+ % of the latest \d+ labelled rows/)
    .waitFor();
  const { feedback } = (await (await fetch(`${server.url}/drift`)).json()) as {
    feedback: { coverage: { targets: { mpg: Record<string, number> } } };
  };
  const covered = (100 * feedback.coverage.targets.mpg['0.9']!).toFixed(
    feedback.coverage.targets.mpg['0.9']! < 0.1 ? 1 : 0,
  );
  const coverage = `100 labelled rows; intervals of 90\\u202f% cover ${covered}\\u202f%; [\\d.]+ on held-out rows`;
  await page.getByText(new RegExp(coverage)).waitFor();
  await assertEverywhere(page, 'monitor-labels');
  assert.deepEqual(problems, []);
});

test('a feature can be expanded and the table sorted with the keyboard alone', {
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
  await assertEverywhere(page, 'monitor-feature');
  const head = await page.getByRole('columnheader', { name: 'Recent rows' }).boundingBox();
  assert.ok(head!.width > 20 && head!.height > 10, 'the bin table keeps its column headers on a phone');
  await page.setViewportSize(LOOKS[0]);
  await page.keyboard.press('Space');
  assert.equal(await weight.getAttribute('aria-expanded'), 'false');

  await page.getByRole('button', { name: 'Input' }).focus();
  await page.keyboard.press('Enter');
  assert.match(await page.locator('.inputs tbody tr').first().innerText(), /acceleration/);
  assert.equal(await page.getByRole('columnheader', { name: 'Input' }).getAttribute('aria-sort'), 'ascending');
  await page.getByLabel('Latest window').focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('For information only').waitFor();
  assert.deepEqual(problems, []);
});

test('the chart and the tiles follow the traffic', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  // Predictions over another protocol count as well.
  const traffic = new Traffic(server.url, '/v1/models/reconstruction_regressor:predict');
  const { page, problems } = await visit(await launch(t), server.url);
  const picture = page.getByRole('img', { name: /^Chart of the reconstruction error/ });
  assert.match((await picture.getAttribute('aria-label'))!, /No rows in this period/);
  const sending = setInterval(() => traffic.send(10).catch(() => {}), 200);
  t.after(() => clearInterval(sending));
  await page.getByRole('img', { name: /the median was 0\.\d+, within the range/ }).waitFor();
  await page.locator('dd', { hasText: /^[1-9].* rows\/s[1-9].* predictions\/s/ }).waitFor();
  await page.getByText(/^99 % below/).waitFor();
  await page.getByText('Show as table').click();
  await page.getByRole('columnheader', { name: 'Held-out median' }).waitFor();
  assert.ok((await page.locator('.numbers tbody tr').count()) > 0);

  // A line as high as the chart marks where a new version began to serve.
  assert.ok((await tallestColumn(page, '--muted')) < HALF_CHART, 'no version has been marked yet');
  await trainOn(server.url, readFileSync(CARS, 'utf8'), { target: 'mpg' });
  await page.locator('.tile dd', { hasText: /^version 2/ }).waitFor();
  await until('version 2 is marked', 30, async () => (await tallestColumn(page, '--muted')) > HALF_CHART);
  await storeScreenshot(page, 'monitor-version');
  assert.deepEqual(problems, []);
});

test('drawings have enough contrast in both themes, and animations respect the motion preference', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  await new Traffic(server.url).send(150);
  const browser = await launch(t);
  for (const look of [
    { ...LOOKS[0], motion: 'reduce' },
    { ...LOOKS[1], motion: 'no-preference' },
  ] as const) {
    const { page, problems } = await visit(browser, server.url, look);
    // axe-core does not check canvases or drawings.
    const style = (name: string) =>
      page.evaluate<string>(`getComputedStyle(document.body).getPropertyValue('${name}')`);
    const ground = luminance(await style('--surface'));
    for (const [name, min] of Object.entries(INKS)) {
      const ink = luminance(await style(name));
      const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
      assert.ok(contrast >= min, `${name} in ${look.scheme}: ${contrast.toFixed(2)} to 1, expected ${min}`);
    }
    const bar = page.locator('.inputs .bar i').first();
    await bar.waitFor({ state: 'attached' });
    const moving = await page.evaluate<string>("getComputedStyle(document.querySelector('.bar i')).transitionDuration");
    assert.equal(moving, look.motion === 'reduce' ? '0s' : '0.3s');
    assert.equal(await page.evaluate('document.getAnimations().length'), 0, 'no animation runs on its own');
    assert.deepEqual(problems, []);
    await page.close();
  }
});

/** Minimum contrast by WCAG 2.2, 1.4.3 and 1.4.11, of the axis labels and of drawn lines and edges. */
const INKS = { '--muted': 4.5, '--recent': 3, '--reference': 3, '--third': 3, '--alarm': 3, '--text': 3 };

/** Relative luminance of `#rrggbb` or `#rgb`, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/.exec(colour.trim())![1]!;
  const [red, green, blue] = [0, 1, 2].map((i) => {
    const part = digits.length === 3 ? digits[i]!.repeat(2) : digits.slice(2 * i, 2 * i + 2);
    const share = Number.parseInt(part, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
