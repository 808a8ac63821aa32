import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { launch, noBrowser, visit } from './browser.js';
import { CARS, serveCars } from './cars.js';

/** Far more than the number of focusable elements on a page. */
const MAX_STOPS = 100;

/** Presses Tab or Shift+Tab until the element has the focus, and asserts that the focus is visible. */
async function tabTo(page: Page, place: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let stops = 0; stops < MAX_STOPS; stops++) {
    await page.keyboard.press(key);
    if (!(await hasFocus(place))) continue;
    const outline = await place.evaluate((element: unknown) => {
      const { getComputedStyle } = globalThis as unknown as { getComputedStyle(of: unknown): { outlineStyle: string } };
      return getComputedStyle(element).outlineStyle;
    });
    assert.notEqual(outline, 'none', `${place} has the focus, but no visible outline`);
    return;
  }
  assert.fail(`${place} cannot be reached with ${key}`);
}

const hasFocus = (place: Locator) =>
  place.evaluate((element: { ownerDocument: { activeElement: unknown } }) => {
    return element.ownerDocument.activeElement === element;
  });

test('a user can skip the header, switch views, train, compare, activate and download with the keyboard alone', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveCars(t);
  const { page, problems } = await visit(await launch(t), server.url);
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await tabTo(page, skip);
  assert.ok((await skip.boundingBox())!.y >= 0, 'the link is visible while it has the focus');
  await page.keyboard.press('Enter');
  assert.ok(await hasFocus(page.locator('main')));
  await page.getByRole('heading', { name: 'Input drift' }).waitFor();

  const view = (name: string) => page.getByRole('link', { name, exact: true });
  await tabTo(page, view('Train'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  const chooser = page.waitForEvent('filechooser');
  await tabTo(page, page.getByLabel('Drop a CSV file here'));
  await page.keyboard.press('Space');
  await (await chooser).setFiles(CARS);
  await page.getByText('8 of 406 rows left out').waitFor();
  const origin = page.getByRole('checkbox', { name: 'use origin' });
  await tabTo(page, origin);
  await page.keyboard.press('Space');
  await page.getByText('with 6 features').waitFor();
  await page.keyboard.press('Space');
  await page.getByText('with 7 features').waitFor();
  await tabTo(page, page.getByText('Settings', { exact: true }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Maximum epochs'));
  await page.keyboard.type('150');
  await tabTo(page, page.getByRole('button', { name: 'Train', exact: true }));
  await page.keyboard.press('Enter');
  await page.getByText('Version 2 is now serving').waitFor();

  await tabTo(page, view('Versions'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /Compare version 2/ }).waitFor();
  for (const version of [2, 1]) {
    await tabTo(page, page.getByLabel(`Compare version ${version}`));
    await page.keyboard.press('Space');
  }
  await tabTo(page, page.getByRole('button', { name: 'Compare selected' }), 'Shift+Tab');
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
  assert.ok(await hasFocus(activate), 'the focus has returned to the button');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  // The dialog focuses its confirm button first.
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const notice = page.getByRole('status').filter({ hasText: 'Version 1 is now serving.' });
  await notice.waitFor();
  await page
    .getByRole('row', { name: /Compare version 1/ })
    .getByText('✓ serving')
    .waitFor();
  // The button is now disabled, so the focus has moved to the notice.
  assert.ok(await activate.isDisabled());
  assert.ok(await hasFocus(notice));
  assert.deepEqual(problems, []);
});
