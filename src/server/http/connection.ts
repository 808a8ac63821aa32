import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SECURITY_LINES, setSecurityHeaders } from '../access/perimeter/security-headers.js';
import { isRepeated } from '../access/repeated-header.js';
import type { ErrorReply } from './errors.js';

/** Milliseconds for which the server discards the rest of a request that it has answered, before it cuts the connection. */
const DRAIN_TIMEOUT = 30_000;
/** The same for a connection that it has refused. */
const REFUSAL_TIMEOUT = 5000;

/** Statuses of errors of a connection, by Node's codes; all others are a 400. */
const STATUS: Readonly<Record<string, 408 | 413 | 431>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};
const MESSAGES = {
  400: 'not an HTTP request: ',
  408: 'the request did not arrive in time',
  413: 'chunk extensions: too large',
  431: 'headers: too large',
} as const;

/** Connections that have been refused, or will be as soon as earlier requests have been answered. */
const refused = new WeakSet<Socket>();
/** Connections over which the rest of a request arrives that has its reply. */
const draining = new WeakSet<Socket>();

/**
 * Returns a listener that sets the headers of every reply, answers what Node would answer without a body, and drains request bodies,
 * before `listener`.
 */
export function guarded(listener: RequestListener): RequestListener {
  return (request, response) => {
    const { headers, rawHeaders, httpVersion } = request;
    setSecurityHeaders(request, response);
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      drainAfterReply(request, response);
    }
    if (headers.host === undefined && httpVersion === '1.1') {
      refuse(response, 400, 'INVALID_REQUEST', 'host: HTTP/1.1 requires this header');
    } else if (isRepeated(rawHeaders, 'host', 'Host')) {
      // RFC 9112, section 3.2.
      refuse(response, 400, 'INVALID_REQUEST', 'host: expected once, got several');
    } else listener(request, response);
  };
}

/** Replies to requests whose clients wait for an invitation before they send a body. */
const uninvited = new WeakSet<ServerResponse>();

/** Returns a listener for requests with `Expect: 100-continue`: their bodies are sent after `inviteBody` only. */
export function uninvitedBody(listener: RequestListener): RequestListener {
  return (request, response) => {
    uninvited.add(response);
    listener(request, response);
  };
}

/** Invites the client to send the body, if it waits for that. */
export function inviteBody(response: ServerResponse): void {
  if (uninvited.delete(response)) response.writeContinue();
}

/** Answers a request whose `Expect` is not `100-continue`. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  setSecurityHeaders(request, response);
  drainAfterReply(request, response);
  refuse(response, 417, 'EXPECTATION_FAILED', 'expect: only 100-continue is supported');
}

function refuse(response: ServerResponse, status: number, code: string, error: string): void {
  const text = refusal(code, error);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, connection: 'close' }).end(text);
}

/**
 * Discards what a client still sends after an early reply, such as a 404 to an upload: many clients send the whole request
 * before they read, and lose the reply if the connection is reset by then (RFC 9112, section 9.6).
 */
function drainAfterReply(request: IncomingMessage, response: ServerResponse): void {
  // Runs before Node's own listener, which would destroy the socket after the last reply.
  response.prependListener('finish', () => {
    const { socket } = request;
    if (request.complete || socket.destroyed) return;
    draining.add(socket);
    socket.destroySoon = () => {
      socket.end();
    };
    const timer = setTimeout(() => socket.destroy(), DRAIN_TIMEOUT);
    const drained = () => {
      clearTimeout(timer);
      draining.delete(socket);
      Reflect.deleteProperty(socket, 'destroySoon');
      if (socket.writableEnded) socket.destroySoon();
    };
    request.once('end', drained);
    request.once('close', drained);
    request.unpipe();
    request.resume();
  });
}

/** Handles an error of a connection: bytes that are not HTTP, or a request that does not arrive in time. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') socket.destroy();
  // What the client still sends is discarded: many clients read only then. Each piece of it is an error again.
  else if (refused.has(socket)) return;
  else if (!socket.writable) socket.destroy();
  else if (draining.has(socket)) socket.end();
  else {
    refused.add(socket);
    refuseNext(error, socket);
  }
}

function refuseNext(error: Error & { code?: string }, socket: Socket & { _httpMessage?: ServerResponse | null }): void {
  const reply = socket._httpMessage;
  const isAnswering = reply?.req.complete;
  // A second status line would become a part of the first reply. A connection without a byte expects no reply.
  if ((reply?.headersSent && !isAnswering) || socket.bytesRead === 0 || !socket.writable) {
    socket.destroy();
    return;
  }
  // The error follows a request that is still being answered.
  if (isAnswering) {
    reply.once('finish', () => refuseNext(error, socket));
    return;
  }
  const status = STATUS[error.code ?? ''] ?? 400;
  const text = refusal(
    status === 408 ? 'REQUEST_TIMEOUT' : status === 400 ? 'INVALID_REQUEST' : 'TOO_LARGE',
    status === 400 ? MESSAGES[status] + error.message : MESSAGES[status],
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `${SECURITY_LINES}content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
  const timer = setTimeout(() => socket.destroy(), REFUSAL_TIMEOUT);
  socket.once('close', () => clearTimeout(timer));
}

/** The body of an error for which there is no request of the application, and therefore a new request id. */
function refusal(code: string, error: string): string {
  return JSON.stringify({ error, code, request_id: randomUUID() } satisfies ErrorReply);
}
