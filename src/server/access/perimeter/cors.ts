import type { IncomingMessage } from 'node:http';

/** Seconds for which a browser may remember that an origin is allowed. Chromium remembers it for two hours at most. */
const MAX_AGE = 7200;
/** Headers of replies that a page may read, beyond those that it always may. */
const EXPOSED =
  'x-request-id, x-model-version, x-reconstruction-error, x-ignored-columns, content-encoding, retry-after, ' +
  'ratelimit, ratelimit-policy, www-authenticate';

/**
 * Origins whose pages may request predictions, and nothing else. Cookies are of no use to them (`Access-Control-Allow-Credentials` is
 * never sent); a page that needs a credential sends it as a header.
 */
export class CorsOrigins {
  private readonly origins: ReadonlySet<string>;

  /** `setting`: origins separated by commas. Throws an Error that names an invalid one. */
  constructor(setting: string) {
    const origins = setting
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== '');
    for (const origin of origins) {
      if (!isOrigin(origin)) {
        throw new Error(`CORS_ORIGINS: expected origins such as https://app.example.com, got "${origin}"`);
      }
    }
    this.origins = new Set(origins);
  }

  get areSet(): boolean {
    return this.origins.size > 0;
  }

  allows(origin: string | undefined): origin is string {
    return origin !== undefined && this.origins.has(origin);
  }

  /** Headers of a reply to a page of an allowed origin. */
  headers(origin: string): Record<string, string> {
    return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED };
  }

  /** Headers of the reply to the question of a browser whether a page may send a prediction (a preflight). */
  preflightHeaders({ headers }: Pick<IncomingMessage, 'headers'>): Record<string, string> {
    return {
      'access-control-allow-methods': 'POST',
      // A prediction may have any header: none of them has an effect beyond it.
      'access-control-allow-headers': headers['access-control-request-headers'] ?? 'content-type, authorization',
      'access-control-max-age': String(MAX_AGE),
    };
  }
}

/** Returns whether a text is an origin as browsers send it: without a path, a default port and upper case. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
