import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyReply } from 'fastify';
import Negotiator from 'negotiator';
import { DomainError, show } from '../../base/domain-error.js';
import { builtFile } from '../../base/node/built-file.js';
import { PAGE_POLICY } from '../access/perimeter/security-headers.js';

const DIRECTORY = builtFile('page/');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Suffixes of the compressed copies built beside each file, by content encoding, the smallest first. */
const SUFFIXES: Readonly<Record<string, string>> = { br: '.br', gzip: '.gz', identity: '' };

/**
 * Serves the built web page. A file is read at its first request and stays in memory. A requested name is only looked up
 * in the list of built files, so it cannot lead to another path.
 *
 * Not @fastify/static: it must be registered before the start, which it would slow, and its ETags are made of size and time.
 * The index always has the same size, and some image builders give every file the same time.
 */
export class PageFiles {
  private names: Promise<ReadonlySet<string>> | undefined;
  private readonly files = new Map<string, ReturnType<typeof readBuilt>>();

  /** Sends the page itself. Browsers revalidate it each time, because it names the other files. */
  sendIndex(reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    return this.sendFile('index.html', reply.header('cache-control', 'no-cache'), headers);
  }

  /** Sends a file whose name changes with its content. Rejects with `NOT_FOUND`. */
  async send(name: string, reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    this.names ??= readdir(fileURLToPath(DIRECTORY)).then((names) => new Set(names));
    if (!(await this.names).has(name) || !Object.hasOwn(TYPES, extname(name)) || name === 'index.html') {
      throw new DomainError('NOT_FOUND', `there is no ${show(name)}`);
    }
    reply.header('vary', 'accept-encoding').header('cache-control', 'public, max-age=31536000, immutable');
    return this.sendFile(name, reply, headers);
  }

  private async sendFile(name: string, reply: FastifyReply, headers: IncomingHttpHeaders): Promise<FastifyReply> {
    const accepted = new Negotiator({ headers }).encodings(Object.keys(SUFFIXES));
    const encoding = Object.keys(SUFFIXES).find((name) => accepted.includes(name)) ?? 'identity';
    const { content, etag } = await this.read(`${name}${SUFFIXES[encoding]}`);
    reply.type(TYPES[extname(name)]!).header('etag', etag).header('content-security-policy', PAGE_POLICY);
    if (headers['if-none-match']?.includes(etag)) return reply.code(304).send();
    if (encoding !== 'identity') reply.header('content-encoding', encoding);
    return reply.send(content);
  }

  private read(name: string): ReturnType<typeof readBuilt> {
    const cached = this.files.get(name);
    if (cached) return cached;
    const file = readBuilt(name);
    this.files.set(name, file);
    // The next request tries again.
    file.catch(() => this.files.delete(name));
    return file;
  }
}

async function readBuilt(name: string) {
  const content = await readFile(new URL(name, DIRECTORY));
  return { content, etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"` };
}
