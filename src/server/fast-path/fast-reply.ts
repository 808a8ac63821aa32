import { MIN_BYTES } from '../http/large-body.js';

/** Maximum number of characters of a number in a reply, with its separator. */
export const NUMBER_LENGTH = 27;
/**
 * Maximum number of characters that numbers, and text repeated from the request, may have in a reply that is certain to be
 * too small for compression. The rest is room for keys.
 */
export const SMALL_REPLY = MIN_BYTES - 1600;

/** The part of Fastify's reply that writers use, for replies that Fastify does not send. Names and values must be ASCII. */
export class FastReply {
  /** Lines of the head, each with its line end. */
  head = '';
  /** Empty until `send` is called. */
  body: string | Buffer = '';
  private readonly charset: string;

  /** `charset`: whether JSON types without parameters get `; charset=utf-8`, which Fastify adds to text. */
  constructor(charset: boolean) {
    this.charset = charset ? '; charset=utf-8' : '';
  }

  type(contentType: string): void {
    const isBareJson = !contentType.includes(';') && contentType.includes('json');
    this.header('content-type', isBareJson ? contentType + this.charset : contentType);
  }

  /** Adds a header. A name must be added only once: nothing checks for duplicates. */
  header(name: string, value: string): void {
    this.head += `${name}: ${value}\r\n`;
  }

  send(body: string | Buffer): void {
    this.body = body;
  }
}
