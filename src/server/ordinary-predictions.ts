import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import { RowParser } from '../model/row-parser.js';
import type { BucketCounts } from './bucket-counts.js';
import { predictReply } from './predict-reply.js';
import type { RequestHistogram } from './request-histogram.js';
import type { requestIds } from './request-id.js';
import type { PredictionService } from './service.js';

export interface OrdinaryOptions {
  readonly service: PredictionService;
  readonly durations: RequestHistogram;
  readonly requestId: ReturnType<typeof requestIds>;
  readonly maxRows: number;
  /** Largest request body, in bytes. Those larger than what a socket gives at once, 64 KiB, come in pieces. */
  readonly bodyLimit: number;
  readonly log: Pick<Logger, 'isLevelEnabled'>;
}

/** More numbers may make an answer large enough to be compressed, of up to 27 characters each. */
const MOST_NUMBERS = 500;
/** What the header `content-type` may say, and `accept`. */
const TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);
const ACCEPTED: ReadonlySet<string | undefined> = new Set([undefined, '*/*', 'application/json']);
/** What the header `connection` may say of a connection that stays. */
const KEPT: ReadonlySet<string | undefined> = new Set([undefined, 'keep-alive', 'Keep-Alive']);

/**
 * Answers the ordinary `POST /predict` ahead of Fastify, which would take longer over it than the network does: rows of
 * numbers in a body that comes in one piece, over a connection that stays, and nothing asked for beside the predictions.
 * Such an answer is, to the last header, the one that the route would give, and is counted like it.
 *
 * Whatever is unusual or wrong goes on to Fastify, body and all, so that there is one place for every error. Hooks of
 * Fastify do not see what is answered here: what must hold for every prediction belongs into `PredictionService`, or
 * before both.
 */
export class OrdinaryPredictions {
  private readonly options: OrdinaryOptions;
  private readonly parser = new RowParser();
  private counts: BucketCounts | undefined;
  private open = true;
  /** For how many seconds a connection without requests is kept. */
  private keepAlive = 0;
  /** What the header `Date` says in second `second`. */
  private date = '';
  private second = 0;

  constructor(options: OrdinaryOptions) {
    this.options = options;
  }

  /** Makes a server as Fastify would, which asks here first. */
  readonly createServer: FastifyServerFactory = (fallback, options) => {
    const { keepAliveTimeout, requestTimeout } = options as { keepAliveTimeout: number; requestTimeout: number };
    this.keepAlive = Math.floor(keepAliveTimeout / 1000);
    return createServer({ keepAliveTimeout, requestTimeout }, (request, response) =>
      this.take(request, response, fallback),
    );
  };

  /** While the application closes, Fastify tells its clients so. */
  leaveToFastifyOnClose(app: FastifyInstance): void {
    app.addHook('preClose', (done) => {
      this.open = false;
      done();
    });
  }

  private take(request: IncomingMessage, response: ServerResponse, fallback: RequestListener): void {
    const { headers } = request;
    const length = Number(headers['content-length']);
    const ordinary =
      request.url === '/predict' &&
      request.method === 'POST' &&
      TYPES.has(headers['content-type']) &&
      ACCEPTED.has(headers.accept) &&
      headers['content-encoding'] === undefined &&
      length > 0 &&
      length <= this.options.bodyLimit &&
      request.httpVersion === '1.1' &&
      KEPT.has(headers.connection) &&
      this.open &&
      // Then good answers are logged too, which Fastify does.
      !this.options.log.isLevelEnabled('debug');
    if (!ordinary) {
      fallback(request, response);
      return;
    }
    const start = performance.now();
    request.once('data', (body: Buffer) => {
      const whole = body.length === length && response.socket && this.open;
      const text = whole ? this.predict(body) : undefined;
      if (text !== undefined) {
        this.send(text, request, response);
        this.count((performance.now() - start) / 1000);
        return;
      }
      request.pause();
      request.unshift(body);
      fallback(request, response);
    });
  }

  /** The JSON of the reply; undefined if it is for the route to answer. */
  private predict(body: Buffer): string | undefined {
    const { service, maxRows } = this.options;
    try {
      const { features, targets } = service.serving.card;
      const count = this.parser.parse(body, features.length);
      if (count === 0 || count > maxRows || count * (targets.length + 1) > MOST_NUMBERS) return undefined;
      return predictReply(service.predict(this.parser.rows, count));
    } catch {
      // The route will fail at the same, and say so.
      return undefined;
    }
  }

  /**
   * Head and body in one write of one string: the response would write them, an empty piece after them, and with that
   * twice as long. It learns that it is finished, and the server goes on to the connection's next request. All is
   * Latin-1, which need not be measured before it is written.
   */
  private send(text: string, request: IncomingMessage, response: ServerResponse): void {
    const id = this.options.requestId(request);
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = new Date(1000 * second).toUTCString();
    }
    response.socket!.write(
      `HTTP/1.1 200 OK\r\nx-request-id: ${id}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ` +
        `${text.length}\r\nDate: ${this.date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${this.keepAlive}\r\n\r\n${text}`,
      'latin1',
    );
    response.emit('finish');
  }

  private count(seconds: number): void {
    this.counts ??= this.options.durations.series('POST', '/predict', 200);
    this.counts.add(seconds);
  }
}
