import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../support/server-process.js';
import { copyStoredVersion } from '../../support/stored-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { assertEverywhere, LOOKS, launch, noBrowser, visit } from './browser.js';
import { FEATURES, serveCars } from './cars.js';
import { serveNothing, trainOn } from './untrained.js';

test('a row is filled in, predicted and explained', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'try');
  await page.getByLabel('weight').waitFor();
  // The fields start with typical values, integers where the data are integers.
  for (const name of FEATURES) assert.match(await page.getByLabel(name).inputValue(), /^\d+(\.\d+)?$/, name);
  assert.equal(await page.getByLabel('cylinders').inputValue(), '5');
  await page.getByLabel('weight').fill('35040');
  await page.keyboard.press('Enter');
  await page.getByText('Outside the range of the held-out rows.').waitFor();
  const response = await fetch(`${server.url}/predict?explain=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      instances: [await Promise.all(FEATURES.map(async (name) => Number(await page.getByLabel(name).inputValue())))],
    }),
  });
  const { predictions, explanations } = (await response.json()) as {
    predictions: number[][];
    explanations: {
      reconstruction: Record<string, number>;
      p_value: number;
      contributions: { base_value: number; values: Record<string, number> }[];
    }[];
  };
  const shown = Number(await page.locator('.predictions dd').first().innerText());
  assert.ok(Math.abs(shown / predictions[0]![0]! - 1) < 1e-3, `${shown} is shown, ${predictions} was answered`);
  const row = await page
    .locator('.residuals')
    .getByRole('row', { name: /^weight/ })
    .innerText();
  assert.match(row, /out of range/);
  assert.match(row, /35,040/);
  const reconstruction = Math.round(explanations[0]!.reconstruction['weight']!).toLocaleString('en');
  assert.ok(row.includes(reconstruction), `${reconstruction} in ${row}`);
  const { p_value } = explanations[0]!;
  const p = /look this unusual \(p = ([\d.e-]+)\)/.exec(await page.getByText('look this unusual').innerText());
  assert.ok(p_value <= 0.05 && Math.abs(Number(p![1]) / p_value - 1) < 0.05, `${p}: ${p_value} was answered`);
  const [{ base_value, values }] = explanations[0]!.contributions as [(typeof explanations)[0]['contributions'][0]];
  const bars = await page.locator('.contributions tbody tr').allInnerTexts();
  assert.equal(bars.length, FEATURES.length + 2);
  const numberIn = (text: string) => Number(/[-+]?[\d,.]+(?:e-?\d+)?$/.exec(text.trim())![0].replaceAll(',', ''));
  assert.match(bars[0]!, /^Mean prediction/);
  assert.ok(Math.abs(numberIn(bars[0]!) / base_value - 1) < 1e-3, `${bars[0]}: ${base_value} was answered`);
  const largest = FEATURES.toSorted((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))[0]!;
  assert.ok(bars[1]!.startsWith(largest), `${bars[1]}: ${largest} contributes most`);
  assert.ok(Math.abs(numberIn(bars[1]!) / values[largest]! - 1) < 1e-2, `${bars[1]}: ${values[largest]} was answered`);
  assert.ok(bars.some((text) => /^weight.*▲ out of range/.test(text)));
  assert.ok(Math.abs(numberIn(bars.at(-1)!) / predictions[0]![0]! - 1) < 1e-3, bars.at(-1));
  await assertEverywhere(page, 'try-it');
  await page.getByRole('button', { name: 'Typical values' }).click();
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page.getByText('Like the training data.').waitFor();
  assert.deepEqual(problems, []);
});

test('the interval of a level is drawn beside the prediction, and follows the choice', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'try');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  const interval = page.locator('.interval');
  await interval.waitFor();
  const row = await Promise.all(FEATURES.map(async (name) => Number(await page.getByLabel(name).inputValue())));
  const answered = async (level: number) => {
    const response = await fetch(`${server.url}/predict?interval=${level}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: [row] }),
    });
    return (await response.json()) as { intervals: [number, number][][]; predictions: number[][] };
  };
  const assertShown = async (level: number) => {
    await page.getByText(`${100 * level}\u202f% interval:`).waitFor();
    const { intervals, predictions } = await answered(level);
    const shown = /: ([\d.,]+) to ([\d.,]+)/
      .exec(await interval.innerText())!
      .slice(1)
      .map(Number);
    for (const [i, bound] of intervals[0]![0]!.entries())
      assert.ok(Math.abs(shown[i]! / bound - 1) < 1e-3, `${shown} is shown, ${intervals} was answered`);
    // The mark lies in the bar, where the prediction lies in the interval.
    const [bar, mark] = await Promise.all(['.bar i', '.bar b'].map((part) => interval.locator(part).boundingBox()));
    const [low, high] = intervals[0]![0]!;
    const share = (predictions[0]![0]! - low) / (high - low);
    assert.ok(Math.abs((mark!.x - bar!.x) / bar!.width - share) < 0.05, `${mark!.x} in ${JSON.stringify(bar)}`);
    return bar!.width;
  };
  const width = await assertShown(0.9);
  await assertEverywhere(page, 'try-it-interval');
  await page.setViewportSize(LOOKS[0]);
  await page.getByRole('radio', { name: '50\u202f%' }).check();
  assert.ok((await assertShown(0.5)) < width);
  await page.getByText(/50.% of the true values lie in such an interval, by \d+ calibration rows/).waitFor();
  assert.deepEqual(problems, []);
});

test('a version without intervals says so plainly', { skip: noBrowser }, async (t) => {
  const store = temporaryDirectory(t);
  copyStoredVersion(join(store, 'reconstruction_regressor'));
  const server = await startServer(t, { MODEL_STORE: store });
  await server.logged('model version serves');
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'try');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page
    .getByText(/No prediction intervals: this version was trained by an earlier release.*Train again/)
    .waitFor();
  assert.equal(await page.locator('.interval').count(), 0);
  assert.equal(await page.getByText('Level of the intervals').count(), 0);
  assert.deepEqual(problems, []);
});

test('an invalid value is reported at its field, and the form keeps its values', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'try');
  await page.getByLabel('horsepower').fill('many');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page.getByText('horsepower: expected a number').waitFor();
  assert.equal(await page.getByLabel('horsepower').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate('document.activeElement.id'), 'value-2');
  await assertEverywhere(page, 'try-it-wrong');
  assert.deepEqual(problems, []);

  // The service rejects a missing value where the training had none, and names its place.
  await page.getByLabel('horsepower').fill('');
  await page.getByLabel('weight').fill('');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page.getByText(/weight – instances\[0\]\[3\]: expected a finite number/).waitFor();
  await page.getByLabel('weight').fill('3000');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page.locator('.predictions dd').first().waitFor();
  assert.equal(await page.getByText('expected a').count(), 0);
  assert.deepEqual(
    problems.filter((text) => !/status of 400 .*\/predict/.test(text)),
    [],
  );
});

test('a level is chosen, a date picked and a box checked, and the row is explained', { skip: noBrowser }, async (t) => {
  const server = await serveNothing(t);
  const towns = ['Oslo', 'Rome <b>', 'Lima'];
  const lines = Array.from({ length: 300 }, (_, i) => {
    const [size, town, sold, used] = [(i * 7919) % 97, towns[i % 3]!, new Date(864e5 * (18_000 + i)), i % 2 === 1];
    const price = 10 * size + 500 * (i % 3) + (used ? -50 : 0);
    return `${size},${town},${sold.toISOString().slice(0, 10)},${i % 50 === 7 ? '' : used},${price}`;
  });
  await trainOn(server.url, `size,town,sold,used,y\n${lines.join('\n')}\n`, { epochs: '50' });
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'try');
  assert.ok(towns.includes(await page.getByLabel('town').inputValue()), 'a level of the training at first');
  await page.getByLabel('town').selectOption('Rome <b>');
  await page.getByLabel('sold').fill('2019-06-15');
  await page.getByLabel('used').selectOption('no value');
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  const residuals = page.locator('.residuals');
  const row = residuals.getByRole('row', { name: /^town/ });
  await row.waitFor();
  assert.match(await row.innerText(), /Rome <b>/);
  assert.match(await residuals.getByRole('row', { name: /^used/ }).innerText(), /missing/);
  assert.match(await residuals.getByRole('row', { name: /^sold/ }).innerText(), /2019-06-15/);
  const response = await fetch(`${server.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      instances: [
        {
          size: Number(await page.getByLabel('size').inputValue()),
          town: 'Rome <b>',
          sold: '2019-06-15',
          used: null,
        },
      ],
    }),
  });
  const { predictions } = (await response.json()) as { predictions: number[][] };
  const shown = Number((await page.locator('.predictions dd').first().innerText()).replaceAll(',', ''));
  assert.ok(Math.abs(shown / predictions[0]![0]! - 1) < 1e-3, `${shown} is shown, ${predictions} was answered`);
  await assertEverywhere(page, 'try-it-mixed');
  assert.deepEqual(problems, []);
});
