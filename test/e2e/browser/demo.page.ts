import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../../scripts/demo-process.js';
import { launch, noBrowser, storeScreenshot, visit } from './browser.js';

test('the page shows no drift while the demo runs normally, and an alarm once the unit changes', {
  skip: noBrowser,
}, async (t) => {
  const demo = await Demo.start(t, '--port', '0', '--rate', '300', '--delay', '15');
  await demo.says(/Press Ctrl-C to stop/);
  const { page, problems } = await visit(await launch(t), demo.url);
  await page.getByText('No drift', { exact: true }).waitFor();
  await demo.says(/weight is now in kilograms/);
  await page.getByText(/^Drift since/).waitFor();
  await page.getByRole('row', { name: /weight.*below the reference range/ }).waitFor();
  await storeScreenshot(page, 'demo');
  assert.deepEqual(problems, []);
  demo.child.kill('SIGINT');
  await demo.leavesNothing();
});
