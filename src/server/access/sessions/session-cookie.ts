import type { IncomingMessage } from 'node:http';

/** Prefix of cookies that a browser takes from a secure connection to this host only (RFC 6265bis, section 4.1.3.2). */
const HOST = '__Host-';

const WORD = /^[\w-]+$/;

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
  private readonly sameSite: 'strict' | 'lax';

  constructor(name: string, sameSite: 'strict' | 'lax') {
    this.plain = name;
    this.secured = HOST + name;
    this.sameSite = sameSite;
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
    const name = this.name(isSecure);
    const values = cookie.split(';').flatMap((pair) => {
      const [key = '', value = ''] = pair.split('=', 2);
      return key.trim() === name ? [value.trim()] : [];
    });
    return values.length === 1 && WORD.test(values[0]!) ? values[0] : undefined;
  }
}
