import { SCOPES } from '../../src/server/access/scopes.js';
import type { Permission } from '../../src/server/plugins/access.js';
import { withGenerated } from '../docs/reference-page.js';

/** Marks between which docs/security.md holds the matrix. */
const MARKS = { begin: '<!-- permissions: npm run permissions -->', end: '<!-- /permissions -->' };

/** Who may call a route: the scopes that suffice, and whether none is needed. */
export interface Row {
  readonly method: string;
  readonly url: string;
  readonly scopes: readonly string[];
  readonly isOpen: boolean;
}

/** The rows of all routes but those for HEAD, which are the same as those for GET, in the order of their paths. */
export function rowsOf(permissions: readonly Permission[]): Row[] {
  return permissions
    .filter(({ method, url }) => method !== 'HEAD' && !url.endsWith('/v1/models/*'))
    .map(({ method, url, scope }) => {
      const isOpen = scope === 'health' || scope === 'open';
      const scopes = SCOPES.filter((each) => isOpen || each === scope || each === 'admin');
      return { method, url: readable(url), scopes, isOpen };
    })
    .sort((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : a.method < b.method ? -1 : 1));
}

/** The matrix as a table of Markdown. */
export function matrix(rows: readonly Row[]): string {
  const header = ['route', ...SCOPES, 'without'];
  const lines = rows.map(({ method, url, scopes, isOpen }) => [
    `\`${method} ${url}\``,
    ...SCOPES.map((scope) => (scopes.includes(scope) ? 'yes' : '')),
    isOpen ? 'yes' : '',
  ]);
  const rule = ['---', ...SCOPES.map(() => ':-:'), ':-:'];
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Returns a page with another matrix. */
export function withMatrix(page: string, table: string): string {
  return withGenerated(page, table, MARKS);
}

/** `/v1/models/:name([^/:]+)::predict` as `/v1/models/<name>:predict`. */
function readable(pattern: string): string {
  return pattern
    .replaceAll(/\([^)]*\)/g, '')
    .replaceAll(/(^|[^:]):(\w+)/g, '$1<$2>')
    .replaceAll('::', ':');
}
