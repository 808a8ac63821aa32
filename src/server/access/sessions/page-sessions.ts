import type { IncomingMessage } from 'node:http';
import type { Flow } from '../oidc/sign-in.js';
import type { Principal } from '../principal.js';
import { Cookie, type CookieAttributes } from './session-cookie.js';
import { type Renew, Sessions } from './sessions.js';

/** Seconds within which a user must have signed in at the issuer. */
const FLOW_LIFE = 600;

/** A cookie to set. */
export interface SetCookie extends CookieAttributes {
  readonly name: string;
  readonly value: string;
}

/** The sessions of the page, and the cookies that carry them. */
export class PageSessions {
  readonly sessions: Sessions;
  /** Not sent with a request that another site has caused, not even with a link. */
  readonly cookie: Cookie;
  /** Sent with the link by which the issuer leads back to the page, which is another site's. It holds what the reply must match. */
  private readonly flowCookie: Cookie;
  readonly isSecure: (request: IncomingMessage) => boolean;

  /**
   * `name` is the name of the model: another service of this host has other cookies. `isSecure`: whether a connection is secure up
   * to the browser.
   */
  constructor(name: string, renew: Renew, isSecure: (request: IncomingMessage) => boolean) {
    this.sessions = new Sessions(renew);
    this.cookie = new Cookie(`${name}-session`, 'strict');
    this.flowCookie = new Cookie(`${name}-sign-in`, 'lax');
    this.isSecure = isSecure;
  }

  /** Returns who signed in with the browser that sends a request. */
  find(request: IncomingMessage): Principal | undefined {
    // For almost every prediction.
    if (request.headers.cookie === undefined) return undefined;
    const id = this.cookie.read(request, this.isSecure(request));
    return id === undefined ? undefined : this.sessions.find(id);
  }

  /** Begins a session with a new id, and ends the one that the browser may have. */
  begin(
    request: IncomingMessage,
    credential: Principal,
  ): { readonly principal: Principal; readonly cookie: SetCookie } {
    this.end(request);
    const { id, principal } = this.sessions.begin(credential);
    const maxAge = Math.floor((principal.expires - Date.now()) / 1000);
    return { principal, cookie: this.set(this.cookie, request, id, maxAge) };
  }

  /** Ends the session of the browser that sends a request. */
  end(request: IncomingMessage): SetCookie {
    const id = this.cookie.read(request, this.isSecure(request));
    if (id !== undefined) this.sessions.end(id);
    return this.set(this.cookie, request, '', 0);
  }

  /** Lets the browser take what it must bring back from the issuer. */
  beginFlow(request: IncomingMessage, flow: Flow): SetCookie {
    const value = Buffer.from(JSON.stringify(flow)).toString('base64url');
    return this.set(this.flowCookie, request, value, FLOW_LIFE);
  }

  /** Returns what the browser has brought back, and takes it away. */
  endFlow(request: IncomingMessage): { readonly flow: Flow | undefined; readonly cookie: SetCookie } {
    const value = this.flowCookie.read(request, this.isSecure(request));
    return { flow: value === undefined ? undefined : flowOf(value), cookie: this.set(this.flowCookie, request, '', 0) };
  }

  private set(cookie: Cookie, request: IncomingMessage, value: string, maxAge: number): SetCookie {
    const isSecure = this.isSecure(request);
    return { name: cookie.name(isSecure), value, ...cookie.attributes(isSecure, maxAge) };
  }
}

function flowOf(value: string): Flow | undefined {
  try {
    const { state, nonce, verifier, tab } = JSON.parse(Buffer.from(value, 'base64url').toString()) as Flow;
    const isFlow = [state, nonce, verifier].every((text) => typeof text === 'string' && text !== '');
    return isFlow ? { state, nonce, verifier, tab: tab === true } : undefined;
  } catch {
    return undefined;
  }
}
