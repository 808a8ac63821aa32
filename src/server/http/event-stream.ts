import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../base/domain-error.js';

/** Event streams that may be open at the same time. */
const MAX_STREAMS = 1000;

let latest: { readonly name: string; readonly data: unknown; readonly text: string } | undefined;

/**
 * Formats one server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), its data as JSON. The text
 * is made once for all streams that send the same object one after the other.
 */
export function serverSentEvent(name: string, data: unknown): string {
  if (latest?.name === name && latest.data === data) return latest.text;
  const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  latest = { name, data, text };
  return text;
}

/** The open event streams of an application. */
export class EventStreams {
  private readonly hold: (request: FastifyRequest) => () => void;
  private count = 0;

  /** `hold` takes one of the streams that a client may follow. It returns a function that gives it back, and throws if there is none. */
  constructor(hold: (request: FastifyRequest) => () => void) {
    this.hold = hold;
  }

  /**
   * Replies with `events` until they end or the client disconnects. A disconnect ends `source`, the emitter's events that they
   * await: they would not notice it before the next event. Throws `OVERLOADED`, and what `hold` throws.
   */
  reply(reply: FastifyReply, source: AsyncIterator<unknown>, events: AsyncIterable<string>): FastifyReply {
    let release: () => void;
    try {
      if (this.count >= MAX_STREAMS) {
        throw new DomainError('OVERLOADED', `${MAX_STREAMS} event streams are open already`);
      }
      release = this.hold(reply.request);
    } catch (error) {
      void source.return?.();
      throw error;
    }
    this.count++;
    reply.raw.once('close', () => {
      this.count--;
      release();
      void source.return?.();
    });
    // A proxy such as nginx would otherwise hold events back until its buffer is full.
    reply.header('cache-control', 'no-cache').header('x-accel-buffering', 'no');
    return reply.type('text/event-stream').send(Readable.from(events));
  }
}
