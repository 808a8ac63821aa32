import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { IssuerUnavailable } from '../../access/oidc/issuer.js';
import type { OidcSignIn } from '../../access/oidc/sign-in.js';
import type { PageSessions, SetCookie } from '../../access/sessions/page-sessions.js';
import { publicPath } from '../../http/public-path.js';

const Query = Type.Object({
  tab: Type.Optional(Type.Enum(['new'], { description: 'the page that asks for it stays open in another tab' })),
});

export interface OidcRoutesOptions {
  readonly oidc: OidcSignIn;
  readonly pageSessions: PageSessions;
  readonly setCookie: (reply: FastifyReply, cookie: SetCookie) => FastifyReply;
}

/**
 * Leads the browser to the issuer and takes it back from there. All locations are fixed, or the issuer's own. The last one is relative, so
 * that it is right behind a prefix, and leads to the page, which needs no cookie. What the page requests has the cookie of the
 * session, because the page causes it, and not the issuer's site.
 */
export function oidcRoutes(app: FastifyInstance, { oidc, pageSessions, setCookie }: OidcRoutesOptions): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/session/oidc',
    { config: { scope: 'open' }, schema: { hide: true, querystring: Query } },
    async (request, reply) => {
      try {
        const { url, checks } = await oidc.begin(callbackOf(request));
        const tab = request.query.tab === 'new';
        setCookie(reply, pageSessions.beginFlow(request.raw, { ...checks, tab }));
        return reply.redirect(url.href, 303);
      } catch (error) {
        return fail(request, reply, error);
      }
    },
  );

  app.get(
    '/session/callback',
    {
      config: { scope: 'open', hidesQuery: true, audit: { action: 'sign-in', onlyOutcome: true } },
      schema: { hide: true },
    },
    async (request, reply) => {
      const { flow, cookie } = pageSessions.endFlow(request.raw);
      setCookie(reply, cookie);
      if (!flow) {
        request.auditDetail = { failed: 'expired' };
        return reply.redirect('../#sign-in-expired', 303);
      }
      try {
        const query = new URL(request.url, 'http://_').search;
        const principal = await oidc.finish(new URL(callbackOf(request) + query), flow);
        request.principal = principal;
        setCookie(reply, pageSessions.begin(request.raw, principal).cookie);
        request.log.info({ reqId: request.id, principal: principal.id }, 'signed in to the page');
        return reply.redirect(flow.tab ? '../#signed-in' : '../', 303);
      } catch (error) {
        return fail(request, reply, error);
      }
    },
  );

  /** Where the issuer sends the browser back to: as its operator has registered it. */
  function callbackOf(request: FastifyRequest): string {
    const scheme = pageSessions.isSecure(request.raw) ? 'https' : 'http';
    return oidc.redirectUri || `${scheme}://${request.host}${publicPath(request, '/session/callback')}`;
  }
}

/** Leads back to the page, which says what happened. The log says why, without what the issuer sent. */
function fail(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const { message: reason, code, error: issuerError } = error as Error & { code?: string; error?: string };
  request.log.warn({ reqId: request.id, reason, code, issuerError }, 'signing in to the page failed');
  const outcome =
    error instanceof IssuerUnavailable ? 'unavailable' : issuerError === 'access_denied' ? 'denied' : 'failed';
  request.auditDetail = { failed: outcome };
  return reply.redirect(`../#sign-in-${outcome}`, 303);
}
