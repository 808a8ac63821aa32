import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../../cli/demo-process.js';
import { launch, noBrowser, storeScreenshot, visit } from './browser.js';

test('the page shows an alarm as long as the fault of the demo lasts, its end, and the next fault', {
  skip: noBrowser,
}, async (t) => {
  const demo = await Demo.start(t, '--port', '0', '--rate', '1000', '--delay', '5');
  await demo.says(/Press Ctrl-C to stop/);
  const { page, problems } = await visit(await launch(t), demo.url);
  await page.getByText('No drift', { exact: true }).waitFor();
  await demo.says(/weight is now in kilograms/);
  await page.getByText(/^Drift since/).waitFor();
  await page.getByRole('row', { name: /weight.*below the reference range/ }).waitFor();
  await storeScreenshot(page, 'demo');
  await demo.says(/weight is in pounds again/);
  // A false alarm before the fault, which one in twenty runs may have, is none of its alarms.
  const fault = demo.lines.findIndex((line) => line.includes('is now in kilograms'));
  const cleared = demo.lines
    .slice(fault)
    .filter((line) => line.includes('cleared,') && !line.includes('a false alarm'));
  assert.deepEqual(cleared, [], '8,000 rows after the fault it is still in alarm');
  await page.getByText('No drift', { exact: true }).waitFor();
  await demo.says(/weight is now a quarter too high/);
  await page.getByText(/^Drift since/).waitFor();
  assert.deepEqual(problems, []);
  demo.child.kill('SIGINT');
  await demo.leavesNothing();
});
