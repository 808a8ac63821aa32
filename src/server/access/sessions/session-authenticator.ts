import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../authenticator.js';
import type { Principal } from '../principal.js';
import type { PageSessions } from './page-sessions.js';

/** Recognises the browser of a user who has signed in to the page. */
export class SessionAuthenticator implements Authenticator {
  readonly accepts = 'the cookie of a session of the page';
  readonly securitySchemes: Authenticator['securitySchemes'];
  private readonly pageSessions: PageSessions;

  constructor(pageSessions: PageSessions) {
    this.pageSessions = pageSessions;
    const name = pageSessions.cookie.name(false);
    this.securitySchemes = { session: { type: 'apiKey', in: 'cookie', name, description: 'a session of the page' } };
  }

  /** A credential in a header decides alone, valid or not: its sender has chosen it, and the browser has added the cookie. */
  now(request: IncomingMessage): Principal | undefined {
    const { authorization, 'x-api-key': apiKey } = request.headers;
    return authorization === undefined && apiKey === undefined ? this.pageSessions.find(request) : undefined;
  }

  /** The cookie of a session that has ended counts as none: its user has made no mistake. */
  identify(request: IncomingMessage): Principal | undefined {
    return this.now(request);
  }
}
