import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Look, launch, noBrowser, visit } from './browser.js';
import { serveCars, Traffic } from './cars.js';

// `npm run pictures`: takes the screenshots of the README and docs/page.md from the real page under traffic. Takes four minutes.

const IMAGES = fileURLToPath(new URL('../../../../docs/images', import.meta.url));
const LOOK: Look = { name: 'desktop-light', width: 1200, height: 900, scheme: 'light' };
/** Duration of the traffic without and with drift, in milliseconds. */
const QUIET = 150_000;
const DRIFT = 50_000;

test('screenshots of the page without and with drift', { skip: noBrowser }, async (t) => {
  const server = await serveCars(t, { DRIFT_WINDOW_ROWS: '500' });
  const traffic = new Traffic(server.url);
  let wrongUnit = false;
  const sending = setInterval(() => traffic.send(12, wrongUnit).catch(() => {}), 150);
  t.after(() => clearInterval(sending));
  const { page } = await visit(await launch(t), server.url, LOOK);
  await page.getByLabel('5 min', { exact: true }).check();
  mkdirSync(IMAGES, { recursive: true });
  const capture = (name: string) => page.screenshot({ path: join(IMAGES, name) });
  await sleep(QUIET);
  await page.getByText('No drift', { exact: true }).waitFor();
  await capture('page-quiet.png');
  wrongUnit = true;
  await page.getByText(/^Drift since/).waitFor();
  await sleep(DRIFT);
  await capture('page-drift.png');
});
