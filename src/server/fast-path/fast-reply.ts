import { MIN_BYTES } from '../bodies/large-body.js';
import { JSON_TYPE } from '../http/media-types.js';

/** Maximum number of characters of a number in a reply, with its separator. */
export const NUMBER_LENGTH = 27;
/**
 * Maximum number of characters that numbers, and text repeated from the request, may have in a reply that is certain to be
 * too small for compression. The rest is room for keys.
 */
export const SMALL_REPLY = MIN_BYTES - 1600;

export const UTF8_JSON = `${JSON_TYPE}; charset=utf-8`;
const UTF8_JSON_LINE = `content-type: ${UTF8_JSON}\r\n`;

/** The part of Fastify's reply that writers use, for replies that Fastify does not send. Names and values must be ASCII. */
export class FastReply {
  status: '200 OK' | '503 Service Unavailable' = '200 OK';
  /** Rows of the request. */
  rows = 0;
  /** Lines of the head, each with its line end. */
  head = '';
  /** Empty until `send` is called. */
  body: string | Buffer = '';
  private readonly charset: boolean;

  /** `charset`: whether JSON types without parameters get `; charset=utf-8`, which Fastify adds to text. */
  constructor(charset: boolean) {
    this.charset = charset;
  }

  type(contentType: string): void {
    // For almost every reply, searching the type and joining the line would take a tenth of all its time.
    if (contentType === UTF8_JSON || (contentType === JSON_TYPE && this.charset)) {
      this.head += UTF8_JSON_LINE;
      return;
    }
    const isBareJson = !contentType.includes(';') && contentType.includes('json');
    this.header('content-type', isBareJson && this.charset ? `${contentType}; charset=utf-8` : contentType);
  }

  /** Adds a header. A name must be added only once: nothing checks for duplicates. */
  header(name: string, value: string): void {
    this.head += `${name}: ${value}\r\n`;
  }

  send(body: string | Buffer): void {
    this.body = body;
  }
}
