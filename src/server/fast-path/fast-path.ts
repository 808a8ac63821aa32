import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { Admission } from '../access/admission.js';
import type { Principal } from '../access/principal.js';
import { isRepeated } from '../access/repeated-header.js';
import type { Scope } from '../access/scopes.js';
import { guarded, refuseExpectation, uninvitedBody } from '../http/connection.js';
import { type ErrorReply, RETRY_AFTER } from '../http/errors.js';
import { JSON_TYPE } from '../http/media-types.js';
import type { requestIds } from '../http/request-id.js';
import type { BucketCounts } from '../metrics/bucket-histogram.js';
import type { PredictionHistogram } from '../metrics/prediction-histogram.js';
import type { RequestHistogram } from '../metrics/request-histogram.js';
import { type Overload, TOO_LATE } from '../overload/overload.js';
import { type Handler, RequestQueue } from '../overload/request-queue.js';
import { FastReply } from './fast-reply.js';
import { ReplyWriter, takeFirstPiece } from './node-response.js';

/** The common case of a route, and how it is answered. */
export interface FastRoute {
  /** The route's pattern, under which metrics count it. */
  readonly pattern: string;
  /** What the route requires, as beside its declaration for Fastify. */
  readonly scope: Scope;
  /** Values of `content-type` accepted beside that of JSON. */
  readonly types: readonly string[];
  /** False if the route sends JSON without `charset=utf-8`. */
  readonly charset: boolean;
  /**
   * Sends the reply of the route, synchronously. To leave a request to the route, it sends nothing or throws, before any
   * observer has seen a prediction.
   */
  readonly answer: (body: Buffer, headers: IncomingHttpHeaders, reply: FastReply) => void;
  /** Returns the body of an error in the form of the route's protocol. */
  readonly errorBody?: ((error: ErrorReply) => object) | undefined;
  /** Called for a request that was refused, with the milliseconds since its arrival. */
  readonly onFailed?: ((milliseconds: number) => void) | undefined;
}

export interface FastPathOptions {
  /** False if Fastify is to answer every request. */
  readonly enabled: boolean;
  /** Certificate and key, to serve HTTPS. */
  readonly tls?: TlsOptions | undefined;
  readonly durations: RequestHistogram;
  readonly predictions: PredictionHistogram;
  readonly requestId: ReturnType<typeof requestIds>;
  /** Maximum size of a request body, in bytes. Bodies above 64 KiB, the size of a read from a socket, come in pieces. */
  readonly bodyLimit: number;
  readonly overload: Overload;
  /** Decides which requests are answered here; all others go on to Fastify, which asks it again. */
  readonly admission: Pick<Admission, 'admitNow' | 'passOn'>;
  /** Called with each reply before it is sent, for what depends on its sender. */
  readonly onReply?: ((request: IncomingMessage, principal: Principal, reply: FastReply) => void) | undefined;
  readonly log: Pick<Logger, 'isLevelEnabled'>;
}

/** Accepted values of the headers `content-type` and `accept`. */
const TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);
const ACCEPTED: ReadonlySet<string | undefined> = new Set([undefined, '*/*', 'application/json']);
/** Values of the header `connection` with which a connection stays open. */
const KEEP_ALIVE: ReadonlySet<string | undefined> = new Set([undefined, 'keep-alive', 'Keep-Alive']);

/**
 * Answers common predictions ahead of Fastify, which would take longer over one than the network does: a `POST` to the exact
 * path of a fast route, with JSON or another type of the route, in a body that comes in one piece, over a connection that
 * stays open. The reply is the one of the route to the last header, and is counted like it.
 *
 * Unusual and invalid requests go on to Fastify, body and all, so that errors have one place. Fastify's hooks do not see
 * what is answered here: code that must run for every prediction belongs in `PredictionService`, or before both.
 */
export class FastPath {
  private readonly options: FastPathOptions;
  private readonly routes = new Map<string | undefined, FastRoute>();
  private readonly counts = new Map<FastRoute, BucketCounts>();
  /** Paths of `GET` requests that never wait. */
  private readonly urgent = new Set<string>();
  private writer: ReplyWriter<FastRoute> | undefined;
  private open = true;

  constructor(options: FastPathOptions) {
    this.options = options;
  }

  /** Takes requests to `POST path` from now on, with the path as clients write it. */
  add(path: string, route: FastRoute): void {
    this.routes.set(path, route);
  }

  /** Lets `GET` requests to a path pass by those that wait. */
  addUrgent(path: string): void {
    this.urgent.add(path);
  }

  /** Milliseconds since a request arrived; undefined for one that did not come over a connection. */
  age(request: IncomingMessage): number | undefined {
    return this.options.overload.age(request);
  }

  has(path: string): boolean {
    return this.routes.has(path);
  }

  /** Creates a server as Fastify would, with the fast path in front unless it is off. */
  readonly createServer: FastifyServerFactory = (fallback, options) => {
    const { keepAliveTimeout, requestTimeout } = options as { keepAliveTimeout: number; requestTimeout: number };
    const { overload } = this.options;
    const guardedFallback = guarded(fallback);
    const slowPath = (request: IncomingMessage, response: ServerResponse, arrived: number) => {
      overload.setArrival(request, arrived);
      guardedFallback(request, response);
    };
    // `guarded` refuses a request without `Host`, in the form of all errors.
    const settings = { keepAliveTimeout, requestTimeout, requireHostHeader: false };
    const { tls } = this.options;
    const server = tls ? createTlsServer({ ...tls, ...settings }) : createServer(settings);
    server.on('checkExpectation', refuseExpectation);
    const writer = new ReplyWriter<FastRoute>(Math.floor(keepAliveTimeout / 1000), this.count);
    this.writer = writer;
    const queue = new RequestQueue({
      answer: (request, response, arrived) => this.take(request, response, arrived, slowPath, writer),
      refuse: (request, response, arrived) => {
        if (this.refuse(request, response, arrived, writer)) return;
        overload.setLate(request);
        slowPath(request, response, arrived);
      },
      isUrgent: ({ method, url = '' }) => method === 'GET' && this.urgent.has(url.replace(/\?.*/, '')),
    });
    server.once('close', () => queue.close());
    // Fastify invites the body once the request has been admitted.
    return server.on('request', queue.take).on('checkContinue', uninvitedBody(queue.take));
  };

  /** Leaves all requests to Fastify from now on. */
  leaveToFastify(): void {
    this.open = false;
  }

  /** Leaves requests to Fastify while the application closes: it announces the end of the connection to clients. */
  leaveToFastifyOnClose(app: FastifyInstance): void {
    app.addHook('preClose', (done) => {
      this.leaveToFastify();
      if (this.writer) this.writer.open = false;
      done();
    });
  }

  private take(
    request: IncomingMessage,
    response: ServerResponse,
    arrived: number,
    fallback: Handler,
    writer: ReplyWriter<FastRoute>,
  ): void {
    const route = this.routeOf(request);
    const { headers } = request;
    const length = Number(headers['content-length']);
    const isCommon =
      route &&
      (TYPES.has(headers['content-type']) || route.types.includes(headers['content-type']!)) &&
      ACCEPTED.has(headers.accept) &&
      headers['content-encoding'] === undefined &&
      // The reply to a page of another origin has more headers.
      headers.origin === undefined &&
      length > 0 &&
      length <= this.options.bodyLimit;
    const { admission } = this.options;
    const principal = isCommon ? admission.admitNow(request, route.scope) : undefined;
    if (!isCommon || !principal) {
      fallback(request, response, arrived);
      return;
    }
    const answer = (body: Buffer): boolean => {
      const reply = body.length === length && response.socket && this.open && replyOf(route, body, headers);
      if (!reply) return false;
      this.options.onReply?.(request, principal, reply);
      writer.send(route, response, this.options.requestId(request), reply, arrived);
      return true;
    };
    takeFirstPiece(request, answer, () => {
      admission.passOn(request, principal);
      fallback(request, response, arrived);
    });
  }

  /** Refuses a request whose turn came too late. Returns false if Fastify must do so. */
  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    arrived: number,
    writer: ReplyWriter<FastRoute>,
  ): boolean {
    const route = this.routeOf(request);
    // The rest of a body that is still arriving is drained by the slow path.
    if (!route || !request.complete || !response.socket) return false;
    // Making an error, with its stack, would take a fifth of all the time of a refusal.
    const { message, code } = TOO_LATE;
    const id = this.options.requestId(request);
    const body: ErrorReply = { error: message, code, request_id: id };
    const reply = new FastReply(route.charset);
    reply.status = '503 Service Unavailable';
    reply.header('retry-after', String(RETRY_AFTER));
    reply.type(JSON_TYPE);
    reply.send(JSON.stringify(route.errorBody?.(body) ?? body));
    writer.send(route, response, id, reply, arrived);
    this.options.overload.count('late');
    return true;
  }

  /** Returns the route of a request over a connection that stays open, unless Fastify must answer it. */
  private routeOf({ method, url, headers, rawHeaders, httpVersion }: IncomingMessage): FastRoute | undefined {
    const route = method === 'POST' ? this.routes.get(url) : undefined;
    const isLeft =
      !route ||
      httpVersion !== '1.1' ||
      headers.host === undefined ||
      isRepeated(rawHeaders, 'host', 'Host') ||
      headers.expect !== undefined ||
      !KEEP_ALIVE.has(headers.connection) ||
      !this.open ||
      !this.options.enabled ||
      // At this level good replies are logged too, and Fastify logs them.
      this.options.log.isLevelEnabled('debug');
    return isLeft ? undefined : route;
  }

  private readonly count = (route: FastRoute, status: FastReply['status'], seconds: number): void => {
    this.options.predictions.observe(seconds);
    if (status !== '200 OK') {
      this.options.durations.observe('POST', route.pattern, 503, seconds);
      route.onFailed?.(1000 * seconds);
      return;
    }
    let counts = this.counts.get(route);
    if (!counts) {
      counts = this.options.durations.series('POST', route.pattern, 200);
      this.counts.set(route, counts);
    }
    counts.observe(seconds);
  };
}

/** Returns the reply, or undefined if the route is to answer. */
function replyOf(route: FastRoute, body: Buffer, headers: IncomingHttpHeaders): FastReply | undefined {
  const reply = new FastReply(route.charset);
  try {
    route.answer(body, headers, reply);
  } catch {
    // The route will fail in the same way, and report it.
    return undefined;
  }
  return reply.body === '' ? undefined : reply;
}
