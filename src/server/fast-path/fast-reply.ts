import { MIN_BYTES } from '../http/large-body.js';

/** Characters of a number in a reply, at most, with what parts it from the next. */
export const NUMBER_LENGTH = 27;
/**
 * Characters of numbers, and of what is repeated of the request, with which a reply is too small to be compressed; what
 * is left is for its words.
 */
export const SMALL_REPLY = MIN_BYTES - 1600;

/** What Fastify's reply offers of these, for an answer ahead of it. Names and values must be ASCII. */
export class FastReply {
  /** Lines of the head, each with its end. */
  head = '';
  /** Empty until it is sent. */
  body: string | Buffer = '';

  /** What is added to JSON: as Fastify does where the body is text, unless the contract leaves it out. */
  charset = '; charset=utf-8';

  type(contentType: string): void {
    this.header('content-type', contentType.includes('json') ? contentType + this.charset : contentType);
  }

  /** Each name once: there is no second look at the lines. */
  header(name: string, value: string): void {
    this.head += `${name}: ${value}\r\n`;
  }

  send(body: string | Buffer): void {
    this.body = body;
  }
}
