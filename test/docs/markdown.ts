import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A fenced block of code, with the language of its fence; empty if it has none. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** Returns the text of a file, whose path is relative to the root of the repository. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Returns the fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  return Array.from(page.matchAll(/^```(\w*).*\n([\s\S]*?)^```$/gm), ([, language, code]) => ({
    language: language!,
    code: code!,
  }));
}

/** Returns the paths of all pages, relative to the root of the repository. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];
}

/** Returns a page without its code, in which links are no links. */
export function withoutCode(page: string): string {
  return page.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

/** Returns the anchors of a page's headings, as GitHub and the site make them. */
export function anchorsOf(page: string): Set<string> {
  const headings = page.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm);
  const seen = new Map<string, number>();
  const anchors = Array.from(headings, ([, heading]) => {
    const slug = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  return new Set(anchors);
}
