import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Admission } from '../access/admission.js';
import { NOBODY } from '../access/principal.js';
import { isOpen, type RouteScope } from '../access/scopes.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** All routes, with what they require. */
    readonly permissions: readonly Permission[];
  }
}

/** What a route requires. */
export interface Permission {
  readonly method: string;
  /** Fastify's pattern. */
  readonly url: string;
  readonly scope: RouteScope;
}

/** Admits requests to the routes registered from here on, each of which must declare its scope, and to none that does not exist. */
export function access(app: FastifyInstance, admission: Admission): void {
  const schemes = admission.authenticators.flatMap(({ securitySchemes }) => Object.keys(securitySchemes));
  const permissions: Permission[] = [];
  app.decorate('permissions', permissions);
  app.addHook('onRoute', (route) => {
    const { method, url, config, schema } = route;
    const scope = config?.scope;
    if (scope === undefined) throw new Error(`${method} ${url} declares no scope: config: { scope: … }`);
    for (const each of [method].flat()) permissions.push({ method: each, url, scope });
    if (!admission.isClosed || !schema) return;
    const security = isOpen(scope) ? [] : schemes.map((scheme) => ({ [scheme]: [scope] }));
    route.schema = { ...schema, security };
  });
  app.decorateRequest('principal');
  app.addHook('onRequest', (request, reply, done) => {
    request.principal = NOBODY;
    const scope = request.is404 ? 'open' : (request.routeOptions.config.scope ?? 'admin');
    // The audit log names who was refused, too.
    const admitted = admission.admit(request.raw, scope, (principal) => {
      request.principal = principal;
    });
    if (!(admitted instanceof Promise)) {
      request.principal = admitted;
      done();
      return;
    }
    admitted.then((principal) => {
      // Once the client has left, nothing that later hooks take would be given back.
      if (reply.raw.destroyed) return;
      request.principal = principal;
      done();
    }, done);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const isStream =
      payload instanceof Readable && String(reply.getHeader('content-type')).startsWith('text/event-stream');
    if (!isStream) return done(null, payload);
    const scope = request.routeOptions.config.scope ?? 'admin';
    const isAdmitted = () => admission.isStillAdmitted(request.raw, scope);
    done(null, Readable.from(whileAdmitted(payload, isAdmitted)));
  });
}

/** An event stream may be open for days. It ends with the first event that its reader may not see any more. */
async function* whileAdmitted(events: Readable, isAdmitted: () => Promise<boolean>): AsyncGenerator<unknown> {
  for await (const event of events) {
    if (!(await isAdmitted())) return;
    yield event;
  }
}
