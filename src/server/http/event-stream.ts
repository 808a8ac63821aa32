import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Formats one server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), its data as JSON. */
export function serverSentEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Replies with `events` until they end or the client disconnects. A disconnect ends `source`, the emitter's events that they
 * await: they would not notice it before the next event.
 */
export function eventStream(
  reply: FastifyReply,
  source: AsyncIterator<unknown>,
  events: AsyncIterable<string>,
): FastifyReply {
  reply.raw.once('close', () => void source.return?.());
  return reply.header('cache-control', 'no-cache').type('text/event-stream').send(Readable.from(events));
}
