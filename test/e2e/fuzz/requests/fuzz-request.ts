/** How the body's length is announced: as it is, in chunks, or only by the headers the request already has. */
export type Framing = 'length' | 'chunked' | 'raw';

/** A request that can be mutated and then written to a socket. */
export interface FuzzRequest {
  /** Where the request comes from, for reports. */
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly framing: Framing;
  /** False if the bytes are not one complete HTTP request: the service then need not answer. */
  readonly honest: boolean;
}

/** A request as the bytes of its head and of its framed body. */
export interface RequestBytes {
  readonly head: Buffer;
  readonly body: Buffer;
}

/** Chunks of a chunked body, in bytes. */
const CHUNK = 1000;

/** Builds a well-formed request. */
export function fuzzRequest(
  name: string,
  method: string,
  target: string,
  headers: FuzzRequest['headers'] = [],
  body: string | Uint8Array = '',
): FuzzRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
  return {
    name,
    method,
    target,
    version: 'HTTP/1.1',
    headers: [['Host', 'localhost'], ...headers],
    body: bytes,
    framing: 'length',
    honest: true,
  };
}

/** Replaces the headers called `name`, in any case, by one with this value, or removes them. */
export function withHeader(request: FuzzRequest, name: string, value?: string): FuzzRequest {
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
  return { ...request, headers: value === undefined ? others : [...others, [name, value]] };
}

export function headerOf({ headers }: FuzzRequest, name: string): string | undefined {
  return headers.find(([other]) => other.toLowerCase() === name)?.[1];
}

/** Writes the request as HTTP/1.1. Header values may hold any Latin-1 character. */
export function toBytes(request: FuzzRequest): RequestBytes {
  const { method, target, version, headers, body, framing } = request;
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked');
  else if (framing === 'length' && (body.length > 0 || method === 'POST')) lines.push(`Content-Length: ${body.length}`);
  return {
    head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    body: framing === 'chunked' ? chunked(body) : body,
  };
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK) {
    const piece = body.subarray(at, at + CHUNK);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}
