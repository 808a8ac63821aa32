import cookies from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import type { OidcSignIn } from '../../access/oidc/sign-in.js';
import { NOBODY, type Principal } from '../../access/principal.js';
import type { PageSessions, SetCookie } from '../../access/sessions/page-sessions.js';
import { errors, operation } from '../../http/operation.js';
import { oidcRoutes } from './oidc.js';
import { SessionReply } from './session-schema.js';

export interface SessionRoutesOptions {
  /** Addresses at which no credentials are required; null if they are. */
  readonly openTo: readonly string[] | null;
  /** Whether keys are among them. */
  readonly keys: boolean;
  readonly pageSessions: PageSessions;
  readonly oidc: OidcSignIn | undefined;
}

/** Signs in to the page and out again, and says who is signed in. */
export async function sessionRoutes(app: FastifyInstance, options: SessionRoutesOptions): Promise<void> {
  const { openTo, keys, pageSessions, oidc } = options;
  // The application may have registered it already.
  if (!app.hasReplyDecorator('setCookie')) await app.register(cookies);
  const describe = (principal: Principal): SessionReply => ({
    closed: openTo === null,
    open_to: openTo && [...openTo],
    sign_in: { key: keys, oidc: oidc?.host ?? null },
    principal:
      principal === NOBODY
        ? null
        : {
            id: principal.id,
            kind: principal.kind,
            name: principal.name ?? null,
            scopes: [...principal.scopes],
            expires: principal.expires === undefined ? null : new Date(principal.expires).toISOString(),
          },
  });
  const setCookie = (reply: FastifyReply, { name, value, ...attributes }: SetCookie) =>
    reply.setCookie(name, value, attributes);

  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });

  app.get(
    '/session',
    operation('access', 'Who sends this request and what they may do, and how to sign in to the page', {
      operationId: 'getSession',
      config: { scope: 'open' },
      response: { 200: SessionReply },
    }),
    async ({ principal }) => describe(principal),
  );

  app.post(
    '/session',
    operation('access', 'Sign in to the page: changes the credential in the header of this request into a cookie', {
      operationId: 'signIn',
      config: { scope: 'read', readOnlySafe: true, audit: { action: 'sign-in', onlyOutcome: true } },
      response: { 200: SessionReply, ...errors(400) },
    }),
    async ({ raw, principal }, reply) => {
      if (principal.kind !== 'key' && principal.kind !== 'token') {
        throw new DomainError(
          'INVALID_REQUEST',
          `expected a credential in a header of the request, got ${principal.kind}`,
        );
      }
      const session = pageSessions.begin(raw, principal);
      setCookie(reply, session.cookie);
      return describe(session.principal);
    },
  );

  app.delete(
    '/session',
    operation('access', 'Sign out: ends the session of the cookie, also at the server', {
      operationId: 'signOut',
      config: {
        scope: 'open',
        readOnlySafe: true,
        audit: { action: 'sign-out', onlyOutcome: true, changes: ({ principal }) => principal.kind === 'session' },
      },
      response: { 204: { description: 'signed out', content: { 'application/json': { schema: Type.Null() } } } },
    }),
    async ({ raw }: FastifyRequest, reply) => {
      setCookie(reply, pageSessions.end(raw));
      return reply.code(204).send();
    },
  );

  if (oidc) oidcRoutes(app, { oidc, pageSessions, setCookie });
}
