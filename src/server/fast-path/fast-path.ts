import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { requestIds } from '../http/request-id.js';
import type { BucketCounts } from '../metrics/bucket-histogram.js';
import type { RequestHistogram } from '../metrics/request-histogram.js';
import { FastReply } from './fast-reply.js';

/** What a route answers almost always, and how. */
export interface FastRoute {
  /** The route's pattern, under which metrics count. */
  readonly route: string;
  /** What `content-type` may say beside JSON. */
  readonly types?: readonly (string | undefined)[];
  /** Sends what the route would send, at once. Leaves it to the route by sending nothing or by throwing, before anybody observed a prediction. */
  readonly answer: (body: Buffer, headers: IncomingHttpHeaders, reply: FastReply) => void;
}

export interface FastPathOptions {
  readonly durations: RequestHistogram;
  readonly requestId: ReturnType<typeof requestIds>;
  /** Largest request body, in bytes. Those larger than what a socket gives at once, 64 KiB, come in pieces. */
  readonly bodyLimit: number;
  readonly log: Pick<Logger, 'isLevelEnabled'>;
}

/** An answer that is to be written. */
interface Answer {
  readonly form: FastRoute;
  readonly response: ServerResponse;
  /** Head and body. */
  readonly text: string | Buffer;
  /** Latin-1 need not be measured before it is written, and ASCII is that too. */
  readonly encoding: 'latin1' | 'utf8';
  /** When its request was read, in milliseconds. */
  readonly start: number;
}

/** An answer waits for others of its turn of the event loop for so many milliseconds. */
const LONGEST_WAIT = 1;
/** An answer that waited for others, and was alone, came later for nothing: so many after it do not wait. */
const NOT_WAITING = 15;

/** What the header `content-type` may say, and `accept`. */
const TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);
const ACCEPTED: ReadonlySet<string | undefined> = new Set([undefined, '*/*', 'application/json']);
/** What the header `connection` may say of a connection that stays. */
const KEPT: ReadonlySet<string | undefined> = new Set([undefined, 'keep-alive', 'Keep-Alive']);

/**
 * Answers ordinary predictions ahead of Fastify, which would take longer over one than the network does: `POST` to the very
 * path of a form, with JSON, or what else the form takes, in a body that comes in one piece, over a connection that stays. Such an answer is, to the
 * last header, the one that the route would give, and is counted like it.
 *
 * The answers of a turn of the event loop are written together at its end. Each by itself would be read, computed and written
 * with the processor's caches still full of what the one before it was written with, which takes longer.
 *
 * Whatever is unusual or wrong goes on to Fastify, body and all, so that there is one place for every error. Hooks of
 * Fastify do not see what is answered here: what must hold for every prediction belongs into `PredictionService`, or
 * before both.
 */
export class FastPath {
  private readonly options: FastPathOptions;
  private readonly forms = new Map<string | undefined, FastRoute>();
  private readonly counts = new Map<FastRoute, BucketCounts>();
  private answers: Answer[] = [];
  /** How many answers are yet to be written at once. */
  private notWaiting = 0;
  private open = true;
  /** For how many seconds a connection without requests is kept. */
  private keepAlive = 0;
  /** What the header `Date` says in second `second`. */
  private date = '';
  private second = 0;

  constructor(options: FastPathOptions) {
    this.options = options;
  }

  /** From now on takes `POST path`, as a client writes it, for such a request. */
  add(path: string, form: FastRoute): void {
    this.forms.set(path, form);
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
    const form = request.method === 'POST' ? this.forms.get(request.url) : undefined;
    const { headers } = request;
    const length = Number(headers['content-length']);
    const ordinary =
      form &&
      (TYPES.has(headers['content-type']) || form.types?.includes(headers['content-type'])) &&
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
      const reply = whole ? answerOf(form, body, headers) : undefined;
      if (reply) {
        this.send(reply, request, { form, response, start });
        return;
      }
      request.pause();
      request.unshift(body);
      fallback(request, response);
    });
  }

  private send({ head, body }: FastReply, request: IncomingMessage, taken: Omit<Answer, 'text' | 'encoding'>): void {
    const id = this.options.requestId(request);
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = new Date(1000 * second).toUTCString();
    }
    const length = Buffer.byteLength(body);
    const opening =
      `HTTP/1.1 200 OK\r\nx-request-id: ${id}\r\n${head}content-length: ${length}\r\nDate: ${this.date}\r\n` +
      `Connection: keep-alive\r\nKeep-Alive: timeout=${this.keepAlive}\r\n\r\n`;
    const { answers } = this;
    answers.push({
      ...taken,
      text: typeof body === 'string' ? opening + body : Buffer.concat([Buffer.from(opening), body]),
      encoding: length === body.length ? 'latin1' : 'utf8',
    });
    if (this.notWaiting > 0) {
      this.notWaiting--;
      this.write();
    } else if (answers.length === 1) setImmediate(this.endTurn);
    else if (performance.now() - answers[0]!.start > LONGEST_WAIT) this.write();
  }

  private readonly endTurn = (): void => {
    if (this.answers.length === 1) this.notWaiting = NOT_WAITING;
    this.write();
  };

  /**
   * Head and body in one write: the response would write them, an empty piece after them, and with that twice as long. It
   * learns that it is finished, and the server goes on to the connection's next request.
   */
  private write(): void {
    const { answers } = this;
    this.answers = [];
    for (const { form, response, text, encoding, start } of answers) {
      const socket = response.socket!;
      // Of a client that has gone meanwhile it takes no notice.
      socket.write(text, encoding);
      response.emit('finish');
      // It was not idle when the server, about to close, closed those that were.
      if (!this.open) socket.end();
      this.count(form, (performance.now() - start) / 1000);
    }
  }

  private count(form: FastRoute, seconds: number): void {
    let counts = this.counts.get(form);
    if (!counts) {
      counts = this.options.durations.series('POST', form.route, 200);
      this.counts.set(form, counts);
    }
    counts.add(seconds);
  }
}

/** The answer; undefined if it is for the route to give. */
function answerOf(form: FastRoute, body: Buffer, headers: IncomingHttpHeaders): FastReply | undefined {
  const reply = new FastReply();
  try {
    form.answer(body, headers, reply);
  } catch {
    // The route will fail at the same, and say so.
    return undefined;
  }
  return reply.body === '' ? undefined : reply;
}
