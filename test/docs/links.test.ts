import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { anchorsOf, pages, ROOT, read, withoutCode } from './markdown.js';

for (const page of pages()) {
  test(`every link of ${page} leads to a file, and every anchor to a heading`, () => {
    const links = Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!);
    for (const link of links) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      assert.ok(existsSync(join(ROOT, target)), `${link}: there is no ${target}`);
      if (anchor) assert.ok(anchorsOf(read(target)).has(anchor), `${link}: ${target} has no such heading`);
    }
  });
}

test('every page is in the menu of the site', () => {
  const menu = read('docs/.vitepress/config.mjs');
  const docs = pages().filter((page) => page.startsWith('docs/') && page !== 'docs/index.md');
  const missing = docs.filter((page) => !menu.includes(`'${page.slice('docs/'.length, -'.md'.length)}'`));
  assert.deepEqual(missing, []);
});
