import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** A reply as the client reads it. */
export interface HttpReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The body without its framing; what there is of it if the reply is not complete. */
  readonly body: Buffer;
  readonly complete: boolean;
}

/** Throws a `MalformedReply` if the bytes are not HTTP. */
export class MalformedReply extends Error {}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [ -~]*$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t -~\x80-\xff]*)$/;

/** Reads the final replies to requests with these methods. `ended` says that no more bytes will come. */
export function readReplies(bytes: Buffer, methods: readonly string[], ended: boolean): HttpReply[] {
  const replies: HttpReply[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) break;
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const status = Number(STATUS_LINE.exec(first)?.[1]);
    if (!status) throw new MalformedReply(`status line ${JSON.stringify(first.slice(0, 80))}`);
    const headers = new Map(lines.map(readHeader));
    at = end + 4;
    if (status < 200) continue;
    const method = methods[replies.length];
    const { body, next } = readBody(bytes, at, headers, {
      ended,
      empty: method === 'HEAD' || status === 204 || status === 304,
    });
    replies.push({ status, headers, body, complete: next !== undefined });
    if (next === undefined) break;
    at = next;
  }
  return replies;
}

function readHeader(line: string): [string, string] {
  const [, name, value] = HEADER_LINE.exec(line) ?? [];
  if (name === undefined) throw new MalformedReply(`header line ${JSON.stringify(line.slice(0, 80))}`);
  return [name.toLowerCase(), value!];
}

interface Body {
  readonly body: Buffer;
  /** Where the next reply begins; undefined if this one is not complete. */
  readonly next: number | undefined;
}

function readBody(
  bytes: Buffer,
  at: number,
  headers: ReadonlyMap<string, string>,
  { ended, empty }: { ended: boolean; empty: boolean },
): Body {
  if (empty) return { body: Buffer.alloc(0), next: at };
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes, at);
  const length = headers.get('content-length');
  if (length === undefined) return { body: bytes.subarray(at), next: ended ? bytes.length : undefined };
  if (!/^\d+$/.test(length)) throw new MalformedReply(`content-length ${length}`);
  const next = at + Number(length);
  return { body: bytes.subarray(at, next), next: next <= bytes.length ? next : undefined };
}

function readChunks(bytes: Buffer, start: number): Body {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return { body: Buffer.concat(chunks), next: undefined };
    const digits = bytes.toString('latin1', at, end);
    if (!/^[0-9a-f]+$/i.test(digits)) throw new MalformedReply(`chunk size ${JSON.stringify(digits.slice(0, 20))}`);
    const size = Number.parseInt(digits, 16);
    const next = end + 2 + size + 2;
    if (next > bytes.length) return { body: Buffer.concat(chunks), next: undefined };
    if (size === 0) return { body: Buffer.concat(chunks), next };
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}

/** The body without its content encoding. Throws if it is not what its header says. */
export function decodedBody({ headers, body }: HttpReply): Buffer {
  switch (headers.get('content-encoding')) {
    case undefined:
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'br':
      return brotliDecompressSync(body);
    case 'deflate':
      return inflateSync(body);
    default:
      throw new MalformedReply(`content-encoding ${headers.get('content-encoding')}`);
  }
}
