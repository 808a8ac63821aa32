import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Formats one server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), its data as JSON. */
export function serverSentEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Replies with events until they end or the client disconnects. The signal passed to `createEvents` is aborted on a
 * disconnect: a generator that awaits its next event would not notice before that event.
 */
export function eventStream(
  reply: FastifyReply,
  createEvents: (disconnected: AbortSignal) => AsyncGenerator<string>,
): FastifyReply {
  const disconnected = new AbortController();
  reply.raw.once('close', () => disconnected.abort());
  return reply
    .header('cache-control', 'no-cache')
    .type('text/event-stream')
    .send(Readable.from(createEvents(disconnected.signal)));
}
