import { withoutKeys } from '../access/keys/key-text.js';

/** Maximum characters of a URL in a line. */
const MAX_URL = 200;

/**
 * Returns a URL for the log: of its query, only the values of parameters in `declared`, which hold no secrets. Clients put all kinds of
 * things into a query: tokens, codes of a sign-in, and rows.
 */
export function loggedUrl(url: string, declared: ReadonlySet<string>): string {
  const start = url.indexOf('?');
  const path = start < 0 ? url : url.slice(0, start);
  const query = start < 0 ? [] : url.slice(start + 1).split('&');
  const shown = query.map((part) => {
    const [name = ''] = part.split('=', 1);
    return declared.has(name) || !part.includes('=') ? part : `${name}=…`;
  });
  const text = withoutKeys(start < 0 ? path : `${path}?${shown.join('&')}`);
  return text.length > MAX_URL ? `${text.slice(0, MAX_URL)}…` : text;
}
