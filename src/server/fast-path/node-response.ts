import type { IncomingMessage, ServerResponse } from 'node:http';
import { securityLines } from '../access/perimeter/security-headers.js';
import type { FastReply } from './fast-reply.js';

/*
 * All uses of the internals of Node's HTTP server, beyond its documented interface. The following was read in
 * lib/_http_server.js, lib/_http_outgoing.js and lib/internal/streams/readable.js of Node 20.20.2, 22.23.5 and 24.22.3.
 * test/server/fast-path passed on these three (Linux, x64); on no other version has either been checked.
 *
 * - The first 'data' of a request is the whole body if that arrived in one piece. `pause` and `unshift` give it back, and
 *   the next reader of the request gets it first.
 * - `response.socket` is null while an earlier response of the same connection is not finished. Once it is set
 *   (`assignSocket`), and as long as nothing is written through the response, the socket expects exactly its bytes.
 * - On 'finish', `resOnFinish` removes the request from the connection's queue, detaches the response from the socket,
 *   and assigns it to the next response in the queue; if there is none, it starts the keep-alive timer instead. It closes
 *   the socket only if `_last` is set: by a head written through the response (`_storeHeader`), or once the client has
 *   ended its side of the connection (`socketOnEnd`).
 *
 * With `FAST_PATH=off` none of this is used.
 */

/** A reply that is ready to be written. */
interface PendingReply<Route> {
  readonly route: Route;
  readonly response: ServerResponse;
  /** Head and body. */
  readonly text: string | Buffer;
  /** Latin-1, which includes ASCII, is written without measuring the text first. */
  readonly encoding: 'latin1' | 'utf8';
  readonly status: FastReply['status'];
  /** Time at which the request arrived, in milliseconds. */
  readonly start: number;
}

/** Maximum wait for further replies of the same turn of the event loop, in milliseconds. */
const MAX_WAIT = 1;
/** Replies sent at once after one has waited in vain for others. */
const REPLIES_WITHOUT_WAIT = 15;

/** Calls `use` with the first piece of a body. If `use` returns false, `fallback` finds the request as if nothing was read. */
export function takeFirstPiece(request: IncomingMessage, use: (piece: Buffer) => boolean, fallback: () => void): void {
  request.once('data', (piece: Buffer) => {
    if (use(piece)) return;
    request.pause();
    request.unshift(piece);
    fallback();
  });
}

/**
 * Writes replies to the sockets of their responses. The replies of one turn of the event loop are written together at its
 * end: a write between two predictions would evict from the processor's caches what the next prediction needs.
 */
export class ReplyWriter<Route> {
  /** False while the application closes: connections then end with their reply. */
  open = true;
  private readonly keepAlive: number;
  private readonly onWritten: (route: Route, status: FastReply['status'], seconds: number) => void;
  private pending: PendingReply<Route>[] = [];
  /** Time of the first of `pending`, in milliseconds. */
  private pendingSince = 0;
  private withoutWait = 0;
  /** The header `Date` in second `second`. */
  private date = '';
  private second = 0;

  /** `keepAlive`: seconds that an idle connection stays open. `onWritten` receives the duration of each request. */
  constructor(keepAlive: number, onWritten: ReplyWriter<Route>['onWritten']) {
    this.keepAlive = keepAlive;
    this.onWritten = onWritten;
  }

  /** Writes a reply, if not now then within this turn of the event loop. */
  send(route: Route, response: ServerResponse, id: string, { status, head, body }: FastReply, start: number): void {
    const length = Buffer.byteLength(body);
    const opening =
      `HTTP/1.1 ${status}\r\n${securityLines(response.req)}x-request-id: ${id}\r\n${head}` +
      `content-length: ${length}\r\nDate: ${this.now()}\r\n` +
      `Connection: keep-alive\r\nKeep-Alive: timeout=${this.keepAlive}\r\n\r\n`;
    const { pending } = this;
    pending.push({
      route,
      response,
      text: typeof body === 'string' ? opening + body : Buffer.concat([Buffer.from(opening), body]),
      encoding: length === body.length ? 'latin1' : 'utf8',
      status,
      start,
    });
    if (this.withoutWait > 0) {
      this.withoutWait--;
      this.write();
    } else if (pending.length === 1) {
      this.pendingSince = performance.now();
      setImmediate(this.endTurn);
    } else if (performance.now() - this.pendingSince > MAX_WAIT) this.write();
  }

  private now(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = new Date(1000 * second).toUTCString();
    }
    return this.date;
  }

  private readonly endTurn = (): void => {
    if (this.pending.length === 1) this.withoutWait = REPLIES_WITHOUT_WAIT;
    this.write();
  };

  /** Writes head and body in one call; through the response they would take twice as long, and an empty write after them. */
  private write(): void {
    const { pending } = this;
    this.pending = [];
    for (const { route, response, text, encoding, status, start } of pending) {
      const socket = response.socket!;
      // If the client has gone meanwhile, the socket ignores the write.
      socket.write(text, encoding);
      response.emit('finish');
      // The server, when it began to close, ended only connections that were idle.
      if (!this.open) socket.end();
      this.onWritten(route, status, (performance.now() - start) / 1000);
    }
  }
}
