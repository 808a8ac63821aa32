import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import { guarded, refuseExpectation } from '../http/connection.js';
import type { requestIds } from '../http/request-id.js';
import type { BucketCounts } from '../metrics/bucket-histogram.js';
import type { PredictionHistogram } from '../metrics/prediction-histogram.js';
import type { RequestHistogram } from '../metrics/request-histogram.js';
import { FastReply } from './fast-reply.js';
import { ReplyWriter, takeFirstPiece } from './node-response.js';

/** The common case of a route, and how it is answered. */
export interface FastRoute {
  /** The route's pattern, under which metrics count it. */
  readonly pattern: string;
  /** Values of `content-type` accepted beside that of JSON. */
  readonly types: readonly string[];
  /** False if the route sends JSON without `charset=utf-8`. */
  readonly charset: boolean;
  /**
   * Sends the reply of the route, synchronously. To leave a request to the route, it sends nothing or throws, before any
   * observer has seen a prediction.
   */
  readonly answer: (body: Buffer, headers: IncomingHttpHeaders, reply: FastReply) => void;
}

export interface FastPathOptions {
  /** False if Fastify is to answer every request. */
  readonly enabled: boolean;
  readonly durations: RequestHistogram;
  readonly predictions: PredictionHistogram;
  readonly requestId: ReturnType<typeof requestIds>;
  /** Maximum size of a request body, in bytes. Bodies above 64 KiB, the size of a read from a socket, come in pieces. */
  readonly bodyLimit: number;
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
  private writer: ReplyWriter<FastRoute> | undefined;
  private open = true;

  constructor(options: FastPathOptions) {
    this.options = options;
  }

  /** Takes requests to `POST path` from now on, with the path as clients write it. */
  add(path: string, route: FastRoute): void {
    this.routes.set(path, route);
  }

  has(path: string): boolean {
    return this.routes.has(path);
  }

  /** Creates a server as Fastify would, with the fast path in front unless it is off. */
  readonly createServer: FastifyServerFactory = (fallback, options) => {
    const { keepAliveTimeout, requestTimeout } = options as { keepAliveTimeout: number; requestTimeout: number };
    const slowPath = guarded(fallback);
    // `guarded` refuses a request without `Host`, in the form of all errors.
    const server = createServer({ keepAliveTimeout, requestTimeout, requireHostHeader: false });
    server.on('checkExpectation', refuseExpectation);
    if (!this.options.enabled) return server.on('request', slowPath);
    const writer = new ReplyWriter<FastRoute>(Math.floor(keepAliveTimeout / 1000), (route, seconds) =>
      this.count(route, seconds),
    );
    this.writer = writer;
    return server.on('request', (request, response) => this.take(request, response, slowPath, writer));
  };

  /** Leaves requests to Fastify while the application closes: it announces the end of the connection to clients. */
  leaveToFastifyOnClose(app: FastifyInstance): void {
    app.addHook('preClose', (done) => {
      this.open = false;
      if (this.writer) this.writer.open = false;
      done();
    });
  }

  private take(
    request: IncomingMessage,
    response: ServerResponse,
    fallback: RequestListener,
    writer: ReplyWriter<FastRoute>,
  ): void {
    const route = request.method === 'POST' ? this.routes.get(request.url) : undefined;
    const { headers } = request;
    const length = Number(headers['content-length']);
    const isCommon =
      route &&
      (TYPES.has(headers['content-type']) || route.types.includes(headers['content-type']!)) &&
      ACCEPTED.has(headers.accept) &&
      headers['content-encoding'] === undefined &&
      length > 0 &&
      length <= this.options.bodyLimit &&
      request.httpVersion === '1.1' &&
      headers.host !== undefined &&
      KEEP_ALIVE.has(headers.connection) &&
      this.open &&
      // At this level good replies are logged too, and Fastify logs them.
      !this.options.log.isLevelEnabled('debug');
    if (!isCommon) {
      fallback(request, response);
      return;
    }
    const start = performance.now();
    const answer = (body: Buffer): boolean => {
      const reply = body.length === length && response.socket && this.open && replyOf(route, body, headers);
      if (!reply) return false;
      writer.send(route, response, this.options.requestId(request), reply, start);
      return true;
    };
    takeFirstPiece(request, response, answer, fallback);
  }

  private count(route: FastRoute, seconds: number): void {
    let counts = this.counts.get(route);
    if (!counts) {
      counts = this.options.durations.series('POST', route.pattern, 200);
      this.counts.set(route, counts);
    }
    counts.observe(seconds);
    this.options.predictions.observe(seconds);
  }
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
