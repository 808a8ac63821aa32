import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { DEFAULT_TRAINING } from '../../../src/model/training/training-options.js';
import { assertEverywhere, LOOKS, launch, noBrowser, visit } from './browser.js';
import { CARS, serveCars, Traffic } from './cars.js';
import { csvOf } from './tables.js';
import { NO_MODEL, serveNothing } from './untrained.js';

const CHOICE = 'Drop a CSV file here';
const file = (name: string, text: string) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const train = (page: Page) => page.getByRole('button', { name: 'Train', exact: true }).click();
/** Drags a file from outside onto the drop area and releases it. */
async function dropFile(page: Page, path: string): Promise<void> {
  const place = (await page.locator('.drop').boundingBox())!;
  const at = { x: place.x + place.width / 4, y: place.y + 20 };
  const devtools = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', {
      type,
      ...at,
      data: { items: [], files: [path], dragOperationsMask: 1 },
    });
  }
}
/** Configures a training that does not end during the test. */
async function makeEndless(page: Page): Promise<void> {
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Maximum epochs').fill('100000');
  await page.getByLabel('Epochs without progress').fill('100000');
}

test('a CSV file is chosen, previewed and trained, and the new version serves', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await dropFile(page, CARS);
  await page.getByText('8 of 406 rows left out').waitFor();
  assert.equal(await page.getByLabel('Target').inputValue(), 'mpg', 'as in the serving model');
  assert.match(
    await page.getByRole('row', { name: /horsepower/ }).innerText(),
    /number.*46 to 230.*6 rows without a value/s,
  );
  assert.match(await page.getByRole('row', { name: /mpg/ }).innerText(), /target.*8 rows without a value: left out/);
  await page.getByText('Settings', { exact: true }).click();
  const { target_transform, ...numbers } = DEFAULT_TRAINING;
  assert.equal(await page.locator('#target_transform').inputValue(), target_transform);
  for (const [name, value] of Object.entries(numbers)) {
    assert.equal(await page.locator(`#${name}`).getAttribute('placeholder'), String(value), name);
  }
  await assertEverywhere(page, 'training-columns');
  await train(page);
  await page.getByText('Version 2 is now serving').waitFor();
  await page.getByText('398 rows in').waitFor();
  await page.getByRole('img', { name: /^Chart of the loss over \d+ epochs/ }).waitFor();
  await page.getByRole('row', { name: /^mpg \d/ }).waitFor();
  // A small table is searched.
  await page.getByRole('heading', { name: 'Search for options' }).waitFor();
  await assertEverywhere(page, 'training');
  assert.deepEqual(problems, []);
  const card = (await (await fetch(`${server.url}/model`)).json()) as { model_version: string; data: object };
  assert.equal(card.model_version, '2');
  assert.deepEqual(
    { ...card.data, fingerprint: '' },
    {
      fingerprint: '',
      rows: 398,
      dropped: 8,
      missing: {
        cylinders: 0,
        displacement: 0,
        horsepower: 6,
        weight: 0,
        acceleration: 0,
        model_year: 0,
        origin: 0,
        mpg: 8,
      },
      training_rows: 318,
      validation_rows: 80,
    },
  );
});

test('a search draws its trials, and ends with the best so far when it is stopped', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Trials of a search').fill('1000');
  await page.getByLabel('Maximum epochs').fill('3');
  await train(page);
  await page.getByRole('img', { name: /^Chart of the errors of [\d,]+ trials?/ }).waitFor();
  await page.getByText('The best trials', { exact: true }).click();
  await page
    .getByRole('row', { name: /± .*layers of 30, 30, 30, 30, 30/ })
    .first()
    .waitFor();
  await assertEverywhere(page, 'training-searches');
  await page.getByRole('button', { name: 'Stop the search' }).click();
  await page.getByText('Version 2 is now serving').waitFor();
  await page.getByText(/trials: /).waitFor();
  assert.deepEqual(problems, []);
});

test('a training is followed, found again after a page reload, and cancelled', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await makeEndless(page);
  await train(page);
  await page.getByText(/Epoch \d+ of at most 100,000/).waitFor();
  await page.reload();
  await page.getByText(/Epoch \d\d+ of at most 100,000/).waitFor();
  await page.getByRole('img', { name: /^Chart of the loss over [\d,]+ epochs/ }).waitFor();
  await assertEverywhere(page, 'training-runs');
  assert.ok(await page.getByRole('button', { name: 'Cancel' }).isVisible(), 'it still runs');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText(/^Cancelled after [\d,]+ epochs/).waitFor();
  assert.deepEqual(problems, []);
  assert.equal(((await (await fetch(`${server.url}/model`)).json()) as { model_version: string }).model_version, '1');
});

test('a training whose events an overloaded service refused is followed to its end', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  let refused = 0;
  await page.route('**/train/*/events', (route) => (refused++ ? route.continue() : route.fulfill({ status: 503 })));
  await page.getByLabel('Drop a CSV file here').setInputFiles(CARS);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByText('Version 2 is now serving').waitFor();
  assert.ok(refused > 1, 'the page has asked for the events again');
});

test('a version that the gate refuses does not serve, and the page shows the reason', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Maximum epochs').fill('1');
  await train(page);
  await page.getByText('Version 2 was refused and is not serving').waitFor();
  await page.getByText(/RMSE \d.*, more than 5 % worse than version 1/).waitFor();
  await assertEverywhere(page, 'training-refused');
  await page.getByRole('link', { name: 'Versions' }).click();
  await page.getByText('■ refused').click();
  await page
    .getByRole('row', { name: /Compare version 2/ })
    .getByText(/more than/)
    .waitFor();
  await assertEverywhere(page, 'versions-refused');
  assert.equal(((await (await fetch(`${server.url}/model`)).json()) as { model_version: string }).model_version, '1');

  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByLabel('After training').selectOption('never');
  await train(page);
  await page.getByText('Version 3 has been trained').waitFor();
  await page.getByText(/promote=never/).waitFor();
  assert.deepEqual(problems, []);
});

/** A line of two columns, which is learned badly as the exponential of one. */
const LINE = `a,b,y\n${Array.from({ length: 200 }, (_, i) => {
  const [a, b] = [Math.sin(7 * i), Math.cos(11 * i)];
  return `${a.toFixed(4)},${b.toFixed(4)},${(6 + 2 * a - 3 * b + 0.1 * Math.sin(13 * i)).toFixed(4)}`;
}).join('\n')}\n`;

test('a version that ridge regression beats is shown in amber when it is trained, and beside its number', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(file('line.csv', LINE));
  await page.getByLabel('Target').selectOption('y');
  await page.getByLabel('Replace the serving model').check();
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Maximum epochs').fill('1');
  await page.getByLabel('Learned scale').selectOption('log1p');
  await train(page);
  await page.getByText('Version 2 is now serving').waitFor();
  const warning = page.locator('.verdict.caution');
  await warning.getByText('Ridge regression predicts better').waitFor();
  assert.match(await warning.innerText(), /RMSE \d\S* against \d\S* on the same 40 held-out rows, beyond chance\./);
  assert.match(await page.getByRole('row', { name: /^y \d/ }).innerText(), /^y(\s+[\d.]+){4}/, 'ridge is in the table');
  await assertEverywhere(page, 'training-warned');
  await page.getByRole('link', { name: 'Versions' }).click();
  const row = page.getByRole('row', { name: /Compare version 2/ });
  await row.locator('.badge.caution').getByText('worse than ridge regression').waitFor();
  await row.getByText('✓ promoted').click();
  await row.getByText(/A ridge regression on the same columns predicts better/).waitFor();
  await assertEverywhere(page, 'versions-warned');
  assert.deepEqual(problems, []);
});

test('after another target is chosen, the new version predicts it', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await page.getByLabel('Target').selectOption('weight');
  await page.getByRole('row', { name: /weight.*target: the column to predict/ }).waitFor();
  assert.match(await page.getByRole('row', { name: /mpg/ }).innerText(), /not among the serving model’s features/);
  await page.getByText('which also has weight').waitFor();
  await page.getByLabel('Replace the serving model').check();
  await train(page);
  await page.getByText('Version 2 is now serving').waitFor();
  await page.getByRole('row', { name: /^weight \d/ }).waitFor();
  const card = (await (await fetch(`${server.url}/model`)).json()) as { features: string[]; targets: string[] };
  assert.deepEqual(card.targets, ['weight']);
  assert.ok(card.features.includes('mpg'));
  assert.deepEqual(problems, []);
});

test('the page follows a version in its shadow phase', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const traffic = new Traffic(server.url);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Shadow rows').fill('50');
  await page.getByLabel('Seed').fill('7');
  await train(page);
  await page.getByText('0 of 50 rows').waitFor();
  await traffic.send(30);
  await page.getByText('30 of 50 rows').waitFor();
  await page.getByText(/mpg differs from the serving version by -?[\d.]*[1-9]\d* on average/).waitFor();
  await assertEverywhere(page, 'training-shadow');
  await traffic.send(30);
  await page.getByText('Shadowed the serving version: 50 of 50 rows').waitFor();
  await page.getByText('Version 2 is now serving').waitFor();
  assert.deepEqual(problems, []);
});

test('identifiers and unchecked columns are left out, texts are learned, and a change of features needs confirmation', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  const text = csvOf(['a', 'b', 'c'], 300)
    .split('\n')
    .map((line, i) => (line ? `${i === 0 ? 'name,kind' : `"car, ${i}",kind ${i % 3}`},${line}` : line))
    .join('\n');
  await page.getByLabel(CHOICE).setInputFiles(file('words.csv', text));
  await page.getByText('300 rows with 4 features').waitFor();
  assert.match(await page.getByRole('row', { name: /use name/ }).innerText(), /left out: /);
  assert.match(await page.getByRole('row', { name: /use kind/ }).innerText(), /category.*3 levels: kind \d/s);
  await page.getByRole('checkbox', { name: 'use c' }).uncheck();
  await page.getByText('300 rows with 3 features').waitFor();
  await page.getByText('These are not the features of the serving model').waitFor();
  await train(page);
  // The page shows the error message of the service and keeps the form.
  await page.getByText(/replace=true replaces the model/).waitFor();
  await page.getByLabel('Replace the serving model').check();
  await train(page);
  await page.getByText('Version 2 is now serving').waitFor();
  const card = (await (await fetch(`${server.url}/model`)).json()) as { features: string[]; data: { rows: number } };
  assert.deepEqual(card.features, ['kind', 'a', 'b']);
  assert.equal(card.data.rows, 300);
  // The browser logs every rejected request to the console.
  assert.deepEqual(
    problems.filter((text) => !text.includes('status of 400')),
    [],
  );
});

test('files that the service would reject are reported when they are chosen', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'train');
  for (const [name, text, message] of [
    ['empty.csv', '', /expected a header row/],
    ['twice.csv', 'a,a\n1,2\n', /column "a" appears twice/],
    ['ragged.csv', 'a,b\n1,2\n1,2,3\n', /line 3/],
    [
      'words.csv',
      `a,b\n${'1,2\n'.repeat(30)}1,two\n`,
      /neither a number nor a known marker of a gap: "two" \(line 32\)/,
    ],
  ] as const) {
    await page.getByLabel(CHOICE).setInputFiles(file(name, text));
    await page.getByText(message).first().waitFor();
    const button = page.getByRole('button', { name: 'Train', exact: true });
    assert.ok((await button.count()) === 0 || (await button.isDisabled()), name);
  }
  // The browser logs every rejected request to the console.
  assert.deepEqual(
    problems.filter((text) => !text.includes('status of 400')),
    [],
  );
});

test('a service without a model reports it, and a first model can be trained from the page', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveNothing(t);
  const { page, problems } = await visit(await launch(t), server.url);
  await page.getByText('No model is serving', { exact: true }).waitFor();
  await page
    .getByText(/training the first model on \/nowhere\.csv failed/)
    .first()
    .waitFor();
  await assertEverywhere(page, 'no-model');
  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByText('No model is serving yet. Train one first.').waitFor();
  await assertEverywhere(page, 'no-model-try');
  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByLabel(CHOICE).setInputFiles(CARS);
  await train(page);
  await page.getByText('Version 1 is now serving').waitFor();
  await page.getByRole('link', { name: 'Monitor' }).click();
  await page.getByText('No drift', { exact: true }).waitFor();
  await page.getByText('version 1', { exact: false }).first().waitFor();
  assert.deepEqual(
    problems.filter((text) => !NO_MODEL.test(text)),
    [],
  );
});
