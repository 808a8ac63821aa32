import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertEverywhere, LOOKS, launch, noBrowser, visit } from './browser.js';
import { CARS, serveCars } from './cars.js';
import { trainOn } from './untrained.js';

/** Trains another version on the car data. */
const trainAgain = (url: string, seed: number) =>
  trainOn(url, readFileSync(CARS, 'utf8'), { target: 'mpg', seed: `${seed}`, epochs: `${seed}` });

const serving = async (url: string) =>
  ((await (await fetch(`${url}/models`)).json()) as { serving: string; models: { model_version: string }[] }).serving;

test('versions are listed, compared, activated, rolled back, downloaded and removed', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  await trainAgain(server.url, 5);
  await trainAgain(server.url, 30);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'versions');
  const row = (version: number) => page.getByRole('row', { name: new RegExp(`Compare version ${version}`) });
  const confirm = (name: string) => page.getByRole('dialog').getByRole('button', { name }).click();
  await row(3).getByText('✓ serving').waitFor();
  assert.equal(await page.locator('.versions tbody tr').count(), 3);
  assert.ok(await page.getByRole('button', { name: 'Activate version 3' }).isDisabled(), 'it serves');

  await page.getByLabel('Compare version 1').check();
  await page.getByLabel('Compare version 2').check();
  await page.getByRole('button', { name: 'Compare selected' }).click();
  await page.getByRole('heading', { name: 'Version 1 and version 2' }).waitFor();
  await page.getByRole('row', { name: /RMSE mpg/ }).waitFor();
  await page.getByRole('row', { name: /importance of weight [\d.]+ [\d.]+/ }).waitFor();
  await page.getByText(/probe rows, version 2 differs/).waitFor();
  await assertEverywhere(page, 'versions-compared');

  // The page asks for confirmation; Escape cancels.
  await page.getByRole('button', { name: 'Activate version 1' }).click();
  await page.getByRole('dialog').getByText('Version 3 is serving.').waitFor();
  await assertEverywhere(page, 'versions-question');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await serving(server.url), '3');
  await page.getByRole('button', { name: 'Activate version 1' }).click();
  await confirm('Activate');
  await page.getByText('Version 1 is now serving.').waitFor();
  await row(1).getByText('✓ serving').waitFor();
  assert.equal(await serving(server.url), '1');
  await assertEverywhere(page, 'versions-activated');

  await page.getByRole('button', { name: 'Roll back to version 3' }).click();
  await confirm('Roll back');
  await page.getByText('Version 3 is serving again.').waitFor();
  await row(3).getByText('✓ serving').waitFor();
  assert.equal(await serving(server.url), '3');

  for (const [link, path] of [
    ['Archive of version 2', 'archive'],
    ['ONNX of version 2', 'onnx'],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: link }).click(),
    ]);
    const response = await fetch(`${server.url}/models/2/${path}`);
    assert.deepEqual(await readFile(await download.path()), Buffer.from(await response.arrayBuffer()), link);
  }

  await page.getByRole('button', { name: 'Remove version 2' }).click();
  await confirm('Remove permanently');
  await page.getByText('Version 2 has been removed.').waitFor();
  await row(2).waitFor({ state: 'detached' });
  assert.equal((await fetch(`${server.url}/models/2`)).status, 404);
  assert.deepEqual(problems, []);
});

test('a downloaded archive can be added as a version, and an invalid archive is rejected with the reason', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url, LOOKS[0], 'versions');
  const archive = Buffer.from(await (await fetch(`${server.url}/models/1/archive`)).arrayBuffer());
  const choose = (name: string, buffer: Buffer) =>
    page.getByLabel('Add a version from an archive').setInputFiles({ name, mimeType: 'application/gzip', buffer });
  await choose('half.tar.gz', archive.subarray(0, archive.length / 2));
  await page
    .getByRole('alert')
    .getByText(/archive/)
    .waitFor();
  await assertEverywhere(page, 'versions-refused-archive');
  await choose('whole.tar.gz', archive);
  await page.getByText('Version 2 has been added; it is not serving.').waitFor();
  await page
    .getByRole('row', { name: /Compare version 2/ })
    .getByText('uploaded')
    .waitFor();
  assert.equal(
    await page
      .getByRole('alert')
      .getByText(/archive/)
      .count(),
    0,
    'the failure is gone',
  );
  assert.equal(await serving(server.url), '1');
  assert.deepEqual(
    problems.filter((text) => !/status of 400 .*\/models$/.test(text)),
    [],
  );
});

test('a version is described by keyboard, its report opens, and two editors lose nothing', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const browser = await launch(t);
  const { page, problems } = await visit(browser, server.url, LOOKS[0], 'versions');
  const other = await visit(browser, server.url, LOOKS[0], 'versions');
  const dialog = page.getByRole('dialog', { name: 'Describe version 1' });
  const stored = async () => {
    const { description, tags, notes } = (await (await fetch(`${server.url}/models/1`)).json()) as Record<
      string,
      unknown
    >;
    return { description, tags, notes };
  };

  // Escape changes nothing.
  await page.getByRole('button', { name: 'Describe version 1' }).press('Enter');
  await dialog.getByLabel('Description', { exact: true }).fill('to be forgotten');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(await stored(), { description: null, tags: [], notes: {} });

  await page.getByRole('button', { name: 'Describe version 1' }).press('Enter');
  await dialog.getByLabel('Description', { exact: true }).fill('Consumption of <b>cars</b>');
  await dialog.getByLabel('Tags', { exact: true }).fill('cars, reviewed , cars');
  await dialog.getByLabel('Out of scope', { exact: true }).fill('Trucks\nBicycles');
  await assertEverywhere(page, 'versions-describe');
  await page.setViewportSize(LOOKS[0]);

  // Another user opens the dialog before the first one saves.
  const otherDialog = other.page.getByRole('dialog', { name: 'Describe version 1' });
  await other.page.getByRole('button', { name: 'Describe version 1' }).click();
  await otherDialog.getByLabel('Description', { exact: true }).fill('Cars');
  await otherDialog.getByLabel('Licence and citation', { exact: true }).fill('MIT');

  await dialog.getByLabel('Tags', { exact: true }).press('Enter');
  await page.getByText('The description of version 1 has been saved.').waitFor();
  await page
    .getByRole('row', { name: /Compare version 1/ })
    .getByText('Consumption of <b>cars</b>')
    .waitFor();
  await assertEverywhere(page, 'versions-described');
  const first = {
    description: 'Consumption of <b>cars</b>',
    tags: ['cars', 'reviewed'],
    notes: { out_of_scope: 'Trucks\nBicycles' },
  };
  assert.deepEqual(await stored(), first);

  await otherDialog.getByRole('button', { name: 'Save' }).click();
  await otherDialog.getByText('You have both changed: Description.').waitFor();
  await otherDialog.getByText('Stored meanwhile: Consumption of <b>cars</b>').waitFor();
  assert.equal(await otherDialog.getByLabel('Out of scope', { exact: true }).inputValue(), 'Trucks\nBicycles');
  assert.deepEqual(await stored(), first);
  await assertEverywhere(other.page, 'versions-describe-conflict');
  await otherDialog.getByRole('button', { name: 'Save' }).click();
  await other.page.getByText('The description of version 1 has been saved.').waitFor();
  assert.deepEqual(await stored(), { ...first, description: 'Cars', notes: { ...first.notes, licence: 'MIT' } });

  const [report] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('link', { name: 'Report of version 1' }).click(),
  ]);
  await report.getByRole('heading', { name: 'Model details' }).waitFor();
  await report.getByText('Trucks', { exact: false }).first().waitFor();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    other.problems.filter((text) => !/status of 412 /.test(text)),
    [],
  );
});
