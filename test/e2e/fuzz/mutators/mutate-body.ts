import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Random } from '../../../../src/base/statistics/random.js';
import { type FuzzRequest, withHeader } from '../requests/fuzz-request.js';
import { mutateJson } from './mutate-json.js';
import { pick } from './pick.js';

const PIECES = [
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  '\n',
  '\r\n',
  '-',
  '1e999',
  'null',
  'NaN',
  '\0',
  '\u00ff\u00fe',
  '\\',
  '""',
];
/** Bytes that are lengths and offsets at their limits in binary formats. */
const WORDS = ['ffffffff', '00000000', '7fffffff', '00000080', 'ffffffffffffff7f', '01000000'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const ENCODERS = {
  gzip: gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
} as const;
/** Sizes of the bodies that shrink to little, in bytes. */
const BOMBS = [2 ** 20, 2 ** 22, 15 * 2 ** 20];
/** More than the buffers of two sockets hold, in bytes. */
const MIN_BULK = 8 * 2 ** 20;
/** Bodies of any size: their beginning, what is repeated, and their end. */
const FILLINGS: readonly (readonly [type: string, head: string, item: string, tail: string])[] = [
  ['application/json', '{"instances":[[', '1,', '1]]}'],
  ['application/json', '{"instances":[["', 'x', '"]]}'],
  ['application/json', '{"instances":[', '["a","b"],', '[]]}'],
  ['application/json', '{"instances":[{"', 'x', '":1}]}'],
  ['text/csv', 'a,b,c\n', '1,2,3\n', ''],
  ['text/csv', 'size,color,new,sold,width\n1,"', 'x', '",yes,2024-01-01,1'],
  ['text/csv', 'y,"', 'x', '"\n1,2\n'],
  ['text/csv', 'y', ',', '\n1\n'],
];
const bombs = new Map<string, Buffer>();

/** Changes the structure of a JSON body; other bodies are changed byte by byte. */
export function mutateStructure(request: FuzzRequest, random: Random): FuzzRequest {
  const text = mutateJson(request.body.toString(), random);
  return text === undefined ? mutateBytes(request, random) : { ...request, body: Buffer.from(text) };
}

/** Changes the body in one place. */
export function mutateBytes(request: FuzzRequest, random: Random): FuzzRequest {
  return { ...request, body: changed(request.body, random) };
}

/** Compresses the body, and then does not always say so, or damages what it compressed. */
export function mutateEncoding(request: FuzzRequest, random: Random): FuzzRequest {
  const name = pick(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[], random);
  const body = ENCODERS[name](request.body);
  const encoded = withHeader({ ...request, body }, 'Content-Encoding', name);
  switch (random.below(5)) {
    case 0:
      return { ...encoded, body: body.subarray(0, random.below(body.length)) };
    case 1:
      return { ...encoded, body: changed(body, random) };
    case 2:
      return { ...encoded, body: Buffer.concat([body, body]) };
    case 3:
      return { ...encoded, body: request.body };
    default:
      return encoded;
  }
}

/** A few kilobytes that unpack to megabytes of numbers or texts. */
export function bomb(request: FuzzRequest, random: Random): FuzzRequest {
  const size = pick(BOMBS, random);
  const encoding = pick(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[], random);
  const [type, head, item, tail] = pick(FILLINGS, random);
  const key = `${size} ${encoding} ${head}${item}`;
  let body = bombs.get(key);
  if (!body) {
    body = ENCODERS[encoding](head + item.repeat(size / item.length) + tail);
    bombs.set(key, body);
  }
  const named = { ...request, name: `${request.name}, unpacks to ${size} bytes`, body };
  return withHeader(withHeader(named, 'Content-Encoding', encoding), 'Content-Type', type);
}

/** Megabytes for a route that refuses them early. The query is gone, so that a training has no target. */
export function bulk(request: FuzzRequest, random: Random): FuzzRequest {
  const [path = ''] = request.target.split('?');
  const size = MIN_BULK + random.below(MIN_BULK);
  const times = Math.ceil(size / Math.max(1, request.body.length));
  const body = Buffer.concat(Array<Buffer>(times).fill(request.body.length > 0 ? request.body : Buffer.from('1')));
  return { ...request, name: `${request.name}, ${body.length} bytes`, target: path, body };
}

function changed(body: Buffer, random: Random): Buffer {
  const at = random.below(body.length);
  switch (random.below(7)) {
    case 0:
      return body.subarray(0, at);
    case 1: {
      const copy = Buffer.from(body);
      for (let i = 1 + random.below(3); i > 0 && copy.length > 0; i--)
        copy[random.below(copy.length)] = random.below(256);
      return copy;
    }
    case 2:
      return Buffer.concat([body, body.subarray(at)]);
    case 3:
      return Buffer.concat([body.subarray(0, at), body.subarray(random.below(at))]);
    case 4: {
      const word = pick(WORDS, random);
      return Buffer.concat([body.subarray(0, at), word, body.subarray(at + word.length)]);
    }
    case 5:
      return Buffer.alloc(0);
    default:
      return Buffer.concat([body.subarray(0, at), Buffer.from(pick(PIECES, random), 'latin1'), body.subarray(at)]);
  }
}
