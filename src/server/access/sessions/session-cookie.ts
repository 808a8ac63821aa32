import type { IncomingMessage } from 'node:http';

/** Prefix of cookies that a browser takes from a secure connection to this host only (RFC 6265bis, section 4.1.3.2). */
const HOST = '__Host-';

/** Attributes of a cookie, as `@fastify/cookie` takes them. */
export interface CookieAttributes {
  readonly path: '/';
  readonly httpOnly: true;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax';
  /** Seconds. */
  readonly maxAge: number;
}

/** A cookie of the service whose value is one word. Another service on this host has another one, if its model has another name. */
export class Cookie {
  private readonly plain: string;
  private readonly secured: string;
  private readonly patterns: Readonly<Record<string, RegExp>>;
  private readonly sameSite: 'strict' | 'lax';

  constructor(name: string, sameSite: 'strict' | 'lax') {
    this.plain = name;
    this.secured = HOST + name;
    this.sameSite = sameSite;
    this.patterns = { [this.plain]: patternOf(this.plain), [this.secured]: patternOf(this.secured) };
  }

  /** Returns the cookie's name over a connection that is secure up to the browser, or not. */
  name(isSecure: boolean): string {
    return isSecure ? this.secured : this.plain;
  }

  attributes(isSecure: boolean, maxAge: number): CookieAttributes {
    return { path: '/', httpOnly: true, secure: isSecure, sameSite: this.sameSite, maxAge };
  }

  /** Returns the value that a request carries; undefined without one, or with several, of which one may be planted. */
  read({ headers: { cookie } }: IncomingMessage, isSecure: boolean): string | undefined {
    if (cookie === undefined) return undefined;
    const found = cookie.match(this.patterns[this.name(isSecure)]!);
    return found?.length === 1 ? found[0].slice(found[0].indexOf('=') + 1) : undefined;
  }
}

function patternOf(name: string): RegExp {
  return new RegExp(`(?<=^|;\\s*)${name.replaceAll('.', '\\.')}=[\\w-]*`, 'g');
}
