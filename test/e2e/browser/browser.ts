import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Kept as output of the tests, and looked at. */
export const SCREENSHOTS = join(ROOT, '.cache/screenshots');

const program = PROGRAMS.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout?.trim()).find(Boolean);

/** Why there is nothing to test with: false if a browser is installed. To be given to `skip`. */
export const noBrowser: string | false = program ? false : `none of ${PROGRAMS.join(', ')} is installed`;

/** How a page is looked at. */
export interface Look {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  /** Whether things may move. */
  readonly motion?: 'no-preference' | 'reduce';
}

export const LOOKS: readonly [Look, Look, Look, Look] = [
  { name: 'desktop-light', width: 1280, height: 800, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'phone-light', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
];

/** A real browser, until the test ends. */
export async function launch(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: program!,
    // A container's root has no sandbox to be in.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  t.after(() => browser.close());
  return browser;
}

/** A page of the service, and what went wrong on it. */
export interface Visit {
  readonly page: Page;
  /** Errors in the console and where, exceptions, violations of the policy, and dialogs that code of others has opened. */
  readonly problems: string[];
}

/** Opens the page of the service at `url`, as `look` says, and waits until it is connected. */
export async function visit(browser: Browser, url: string, look: Look = LOOKS[0], view = 'monitor'): Promise<Visit> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    reducedMotion: look.motion ?? 'reduce',
    hasTouch: look.width < 500,
  });
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}/#${view}`);
  await page.getByText('Live', { exact: true }).waitFor();
  return { page, problems };
}

/**
 * Finds nothing that a person with other eyes, ears or hands could not use, by axe-core, nothing wider than the screen, and
 * no words that lie over those of the next cell.
 */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`,
  );
  const told = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n${failureSummary}`),
  );
  assert.deepEqual(told, [], what);
  const [wanted, screen] = await page.evaluate<[number, number]>(
    '[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]',
  );
  assert.ok(wanted <= screen, `${what}: ${wanted} pixels wide on a screen of ${screen}`);
  const spilt = await page.evaluate<string[]>(`[...document.querySelectorAll('th, td')]
    .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 && cell.closest('thead, tbody').offsetWidth > 1)
    .map(({ innerText }) => innerText.slice(0, 100))`);
  assert.deepEqual(spilt, [], `${what}: cells that are wider than their place`);
}

/** Asserts in each of {@link LOOKS} that the page, as it is now, is for everybody, and keeps a picture. Leaves it in the last. */
export async function assertEverywhere(page: Page, name: string): Promise<void> {
  for (const look of LOOKS) {
    await page.setViewportSize(look);
    await page.emulateMedia({ colorScheme: look.scheme });
    // Charts are drawn anew for either.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    await assertAccessible(page, `${name}, ${look.name}`);
    await keepScreenshot(page, `${name}-${look.name}`);
  }
}

/** Keeps a picture of the whole page. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
