import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { launch, noBrowser, visit } from './browser.js';
import { CARS, serveCars } from './cars.js';

/** Far more than a page has to stop at. */
const MAX_STOPS = 100;

/** Goes on with the Tab key, or back, until the focus is there, and shows that it is to be seen. */
async function tabTo(page: Page, place: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let stops = 0; stops < MAX_STOPS; stops++) {
    await page.keyboard.press(key);
    if (!(await hasFocus(place))) continue;
    const outline = await place.evaluate((element: unknown) => {
      const { getComputedStyle } = globalThis as unknown as { getComputedStyle(of: unknown): { outlineStyle: string } };
      return getComputedStyle(element).outlineStyle;
    });
    assert.notEqual(outline, 'none', `${place} has the focus, and nobody sees it`);
    return;
  }
  assert.fail(`${place} is not to be reached by ${key}`);
}

const hasFocus = (place: Locator) =>
  place.evaluate((element: { ownerDocument: { activeElement: unknown } }) => {
    return element.ownerDocument.activeElement === element;
  });

test('who has a keyboard alone skips the head, goes from view to view, trains, compares, activates and downloads', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url);
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await tabTo(page, skip);
  assert.ok((await skip.boundingBox())!.y >= 0, 'it is to be seen while it has the focus');
  await page.keyboard.press('Enter');
  assert.ok(await hasFocus(page.locator('main')));
  await page.getByRole('heading', { name: 'Which inputs moved' }).waitFor();

  const view = (name: string) => page.getByRole('link', { name, exact: true });
  await tabTo(page, view('Train'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  const chooser = page.waitForEvent('filechooser');
  await tabTo(page, page.getByLabel('Drop a CSV file here'));
  await page.keyboard.press('Space');
  await (await chooser).setFiles(CARS);
  await page.getByText('14 of 406 rows left out').waitFor();
  const origin = page.getByRole('checkbox', { name: 'use origin' });
  await tabTo(page, origin);
  await page.keyboard.press('Space');
  await page.getByText('with 6 features').waitFor();
  await page.keyboard.press('Space');
  await page.getByText('with 7 features').waitFor();
  await tabTo(page, page.getByText('Settings', { exact: true }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Epochs, at most'));
  await page.keyboard.type('150');
  await tabTo(page, page.getByRole('button', { name: 'Train', exact: true }));
  await page.keyboard.press('Enter');
  await page.getByText('Version 2 serves now').waitFor();

  await tabTo(page, view('Versions'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /Compare version 2/ }).waitFor();
  for (const version of [2, 1]) {
    await tabTo(page, page.getByLabel(`Compare version ${version}`));
    await page.keyboard.press('Space');
  }
  await tabTo(page, page.getByRole('button', { name: 'Compare the two chosen' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Version 1 and version 2' }).waitFor();

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tabTo(page, page.getByRole('link', { name: 'Archive of version 1' })).then(() => page.keyboard.press('Enter')),
  ]);
  assert.match(download.suggestedFilename(), /-1\.tar\.gz$/);

  const activate = page.getByRole('button', { name: 'Activate version 1' });
  await tabTo(page, activate);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.ok(await hasFocus(activate), 'the focus is back where it was');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  // The dialog begins with what was asked for.
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const news = page.getByRole('status').filter({ hasText: 'Version 1 serves now.' });
  await news.waitFor();
  await page
    .getByRole('row', { name: /Compare version 1/ })
    .getByText('serves')
    .waitFor();
  // That button is of no use any more: the focus is at what was said, and goes on from there.
  assert.ok(await activate.isDisabled());
  assert.ok(await hasFocus(news));
  assert.deepEqual(problems, []);
});
