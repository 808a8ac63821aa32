import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), its data as JSON. */
export function serverSentEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Answers with events until they end or the client goes. `follow` is told when that is: a generator that waits for the next
 * event hears of nothing else before it comes.
 */
export function eventStream(reply: FastifyReply, follow: (gone: AbortSignal) => AsyncGenerator<string>): FastifyReply {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return reply
    .header('cache-control', 'no-cache')
    .type('text/event-stream')
    .send(Readable.from(follow(gone.signal)));
}
