import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyReply } from 'fastify';
import Negotiator from 'negotiator';
import { DomainError, show } from '../../base/domain-error.js';

const DIRECTORY = new URL('./', import.meta.resolve('#built/page/index.html'));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What is built beside each file, by content encoding, the smallest first. */
const ENDINGS: Readonly<Record<string, string>> = { br: '.br', gzip: '.gz', identity: '' };

/** Only what the service itself serves, and no text that becomes code: what a name or a cell says, is said and not done. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

interface File {
  readonly content: Buffer;
  readonly etag: string;
}

/**
 * The built web page. Nothing is read before somebody asks; then it stays in memory. A name is looked up in the list of
 * what was built, and never becomes a path.
 */
export class PageFiles {
  private names: Promise<ReadonlySet<string>> | undefined;
  private readonly files = new Map<string, Promise<File>>();

  /** Sends the page itself, which is asked for anew each time, for it names the others. */
  sendIndex(reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    return this.answer('index.html', reply.header('cache-control', 'no-cache'), headers);
  }

  /** Sends a file whose name changes with its content. Throws `NOT_FOUND`. */
  async send(name: string, reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    this.names ??= readdir(fileURLToPath(DIRECTORY)).then((names) => new Set(names));
    if (!(await this.names).has(name) || !Object.hasOwn(TYPES, extname(name)) || name === 'index.html') {
      throw new DomainError('NOT_FOUND', `there is no ${show(name)}`);
    }
    reply.header('vary', 'accept-encoding').header('cache-control', 'public, max-age=31536000, immutable');
    return this.answer(name, reply, headers);
  }

  private async answer(name: string, reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    const accepted = new Negotiator({ headers }).encodings(Object.keys(ENDINGS));
    const encoding = Object.keys(ENDINGS).find((known) => accepted.includes(known)) ?? 'identity';
    const { content, etag } = await this.read(`${name}${ENDINGS[encoding]}`);
    reply
      .type(TYPES[extname(name)]!)
      .header('etag', etag)
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('cross-origin-resource-policy', 'same-origin');
    if (headers['if-none-match']?.includes(etag)) return reply.code(304).send();
    if (encoding !== 'identity') reply.header('content-encoding', encoding);
    return reply.send(content);
  }

  private read(name: string): Promise<File> {
    const known = this.files.get(name);
    if (known) return known;
    const file = readFile(new URL(name, DIRECTORY)).then((content) => {
      return { content, etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"` };
    });
    this.files.set(name, file);
    // What could not be read once may be there the next time.
    file.catch(() => this.files.delete(name));
    return file;
  }
}
