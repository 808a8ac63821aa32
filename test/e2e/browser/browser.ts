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

/** Where the tests store screenshots for review. */
export const SCREENSHOTS = join(ROOT, '.cache/screenshots');

const program = PROGRAMS.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout?.trim()).find(Boolean);

/** The reason for `skip` if no browser is installed; otherwise false. */
export const noBrowser: string | false = program ? false : `none of ${PROGRAMS.join(', ')} is installed`;

/** Screen size and display preferences. */
export interface Look {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  /** The preference for animations. */
  readonly motion?: 'no-preference' | 'reduce';
}

export const LOOKS: readonly [Look, Look, Look, Look] = [
  { name: 'desktop-light', width: 1280, height: 800, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'phone-light', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
];

/** Launches a real browser with these arguments, closed when the test ends. */
export async function launch(t: TestContext, args: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: program!,
    // Chromium has no sandbox for root, the user of most containers.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...args],
  });
  t.after(() => browser.close());
  return browser;
}

/** A page of the service, and its problems. */
export interface Visit {
  readonly page: Page;
  /** Console errors with their locations, exceptions, violations of the content security policy, and dialogs. */
  readonly problems: string[];
}

/** Opens the page of the service at `url` and waits until it is connected. */
export async function visit(browser: Browser, url: string, look: Look = LOOKS[0], view = 'monitor'): Promise<Visit> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    reducedMotion: look.motion ?? 'reduce',
    hasTouch: look.width < 500,
  });
  const problems: string[] = [];
  page.on('console', (message) => {
    // A busy machine may answer late, and then refuses. The page asks again.
    if (message.type() === 'error' && !/ status of 503 /.test(message.text()))
      problems.push(`${message.text()} ${message.location().url}`);
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
 * Asserts that axe-core finds no violation, that the page is no wider than the screen, and that no table cell overflows
 * into the next one.
 */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`,
  );
  const messages = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n${failureSummary}`),
  );
  assert.deepEqual(messages, [], what);
  const [width, screen] = await page.evaluate<[number, number]>(
    '[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]',
  );
  assert.ok(width <= screen, `${what}: ${width} pixels wide on a screen of ${screen}`);
  const overflowing = await page.evaluate<string[]>(`[...document.querySelectorAll('th, td')]
    .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 && cell.closest('thead, tbody').offsetWidth > 1)
    .map(({ innerText }) => innerText.slice(0, 100))`);
  assert.deepEqual(overflowing, [], `${what}: cells whose text overflows`);
}

/** Asserts that the page is accessible in each of {@link LOOKS}, and stores screenshots. The last look remains set. */
export async function assertEverywhere(page: Page, name: string): Promise<void> {
  for (const look of LOOKS) {
    await page.setViewportSize(look);
    await page.emulateMedia({ colorScheme: look.scheme });
    // Charts are redrawn for each size and colour scheme.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    await assertAccessible(page, `${name}, ${look.name}`);
    await storeScreenshot(page, `${name}-${look.name}`);
  }
}

/** Stores a screenshot of the whole page. */
export async function storeScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
