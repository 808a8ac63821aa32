import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), its data as JSON. */
export function serverSentEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Answers with events until they end or the client goes, and ends the generator then. */
export function eventStream(reply: FastifyReply, events: AsyncGenerator<string>): FastifyReply {
  return reply.header('cache-control', 'no-cache').type('text/event-stream').send(Readable.from(events));
}
