import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ClientAddresses } from '../access/client-address.js';
import type { Principal } from '../access/principal.js';
import { clientOf } from '../limits/client.js';
import { LimitError } from '../limits/limit-error.js';
import type { Client, Limits } from '../limits/limits.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What each request to the route holds until it has been answered. */
    readonly holds?: 'trainings' | 'uploads';
  }
  interface FastifyReply {
    /** Rows of the request, once they are known. */
    rows: number;
  }
  interface FastifyRequest {
    /** Whom limits count. */
    client: Client;
    /** Counts bytes of a table that the request brings to the disk. Throws as `Limits.holdBytes` does. */
    countScratch: ((bytes: number) => void) | undefined;
  }
}

interface LimitsOptions {
  readonly limits: Limits;
  readonly addresses: Pick<ClientAddresses, 'of'>;
}

/** Bounds what each client holds at once, counts the rows of its requests, and sends what is left to it. */
export function limits(app: FastifyInstance, { limits: all, addresses }: LimitsOptions): void {
  app.decorateReply('rows', 0);
  app.decorateRequest('countScratch', undefined);
  app.decorateRequest('client');
  app.addHook('onRequest', (request, reply, done) => {
    request.client = clientOf(addresses, request.raw, request.principal);
    const { holds, streamLimit } = request.routeOptions.config;
    if (holds) reply.raw.once('close', all.hold(holds, request.client));
    if (streamLimit !== undefined) {
      const { add, release } = all.holdBytes(request.client);
      request.countScratch = add;
      reply.raw.once('close', release);
    }
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    // Without a client, the request has not been admitted.
    if (request.client) charge(all, request.client, reply, reply.hasHeader('ratelimit'));
    done(null, payload);
  });
  app.addHook('onError', (_request, _reply, error, done) => {
    if (error instanceof LimitError) all.count(error);
    done();
  });
}

/** Returns what counts the rows of replies that Fastify does not send. */
export function chargeFastReply({ limits: all, addresses }: LimitsOptions) {
  return (request: IncomingMessage, principal: Principal, reply: Pick<FastifyReply, 'rows'> & HeaderReply): void => {
    charge(all, clientOf(addresses, request, principal), reply, false);
  };
}

interface HeaderReply {
  header(name: string, value: string): unknown;
}

function charge(all: Limits, client: Client, reply: { rows: number } & HeaderReply, isDescribed: boolean): void {
  if (!all.hasRates) return;
  const now = performance.now();
  all.chargeRows(client, reply.rows, now);
  if (isDescribed) return;
  const headers = all.headers(client, now)!;
  reply.header('ratelimit-policy', headers['ratelimit-policy']);
  reply.header('ratelimit', headers.ratelimit);
}
