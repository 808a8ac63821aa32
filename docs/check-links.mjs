// Checks that every link of the built site leads to a file that it has, and every anchor to an element: `npm run build`.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const SITE = join(import.meta.dirname, '.vitepress/dist');
const BASE = process.env.DOCS_BASE ?? '/';

const pages = new Map(
  readdirSync(SITE, { recursive: true })
    .filter((name) => name.endsWith('.html'))
    .map((name) => [name, readFileSync(join(SITE, name), 'utf8')]),
);
const broken = [];
let links = 0;
for (const [page, html] of pages) {
  for (const [, link] of html.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
    const { origin, pathname, hash } = new URL(link.replaceAll('&amp;', '&'), `http://site${BASE}${page}`);
    if (origin !== 'http://site') continue;
    links++;
    const path = decodeURIComponent(pathname).slice(BASE.length) || 'index.html';
    const target = path.endsWith('/') ? `${path}index.html` : path;
    const id = decodeURIComponent(hash.slice(1));
    if (!existsSync(join(SITE, target))) broken.push(`${page}: ${link}`);
    else if (id && !pages.get(target)?.includes(` id="${id}"`))
      broken.push(`${page}: ${link} (there is no such heading)`);
  }
}
if (broken.length > 0) {
  console.error(`${broken.length} links lead nowhere:\n${Array.from(new Set(broken)).join('\n')}`);
  process.exit(1);
}
console.log(`${links} links of ${pages.size} pages in ${relative(process.cwd(), SITE)} lead somewhere`);
