import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { withoutKeys } from '../access/keys/key-text.js';
import { setSecurityHeaders } from '../access/perimeter/security-headers.js';
import type { HealthMessage, HealthTask, Readiness } from './health-messages.js';

// The thread of health-server.ts: an HTTP server with an event loop of its own.

/** Milliseconds between two looks at the beats of the main thread. */
const LOOK_INTERVAL = 1000;
/** Looks without a beat after which the process counts as hung. Time in which the whole process was stopped has no looks. */
const MAX_MISSED = 10;
/** Health checks come from a few places, and over short connections. Beyond these, the oldest is closed for a new one. */
const MAX_CONNECTIONS = 256;
const METHODS = ['GET', 'HEAD'];

const { host, port, beats } = workerData as HealthTask;
let readiness: Readiness = { status: 503, body: { error: 'starting', code: 'NOT_READY' } };
let latest = 0;
let missed = 0;

parentPort!.on('message', (message: Readiness) => {
  readiness = message;
});
setInterval(() => {
  const beat = Atomics.load(beats, 0);
  missed = beat === latest ? missed + 1 : 0;
  latest = beat;
}, LOOK_INTERVAL);

const connections = new Set<Socket>();
const server = createServer(answer).on('connection', admit);
server.once('error', ({ code, message }: NodeJS.ErrnoException) => send({ code, message }));
server.listen({ host: host || '127.0.0.1', port }, () => {
  const { port } = server.address() as AddressInfo;
  if (host !== '') send({ port });
  else listenAtIPv6(port);
});

/** Listens at ::1 as well, if the machine has IPv6 and the port is free there. */
function listenAtIPv6(port: number): void {
  const second = createServer(answer).on('connection', admit);
  second.once('error', () => send({ port }));
  second.listen({ host: '::1', port }, () => send({ port }));
}

function admit(socket: Socket): void {
  connections.add(socket);
  socket.once('close', () => connections.delete(socket));
  if (connections.size > MAX_CONNECTIONS) connections.values().next().value!.destroy();
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  setSecurityHeaders(request, response);
  const id = randomUUID();
  const { status, body } = replyTo(request);
  const text = JSON.stringify(status === 200 ? body : { ...body, request_id: id });
  const headers = { 'x-request-id': id, 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

function replyTo({ method = '', url = '' }: IncomingMessage): { status: number; body: object } {
  const path = url.replace(/\?.*/, '');
  if (path !== '/livez' && path !== '/readyz') {
    const error = `there is no ${method} ${withoutKeys(path.slice(0, 200))} at this port; expected /livez or /readyz`;
    return { status: 404, body: { error, code: 'NOT_FOUND' } };
  }
  if (!METHODS.includes(method)) {
    return { status: 405, body: { error: `${path} does not support ${method}`, code: 'METHOD_NOT_ALLOWED' } };
  }
  if (missed >= MAX_MISSED) {
    const error = `the event loop has not turned for ${(missed * LOOK_INTERVAL) / 1000} seconds`;
    return { status: 503, body: { error, code: 'NOT_READY' } };
  }
  return path === '/livez' ? { status: 200, body: { status: 'live' } } : readiness;
}

function send(message: HealthMessage): void {
  parentPort!.postMessage(message);
}
