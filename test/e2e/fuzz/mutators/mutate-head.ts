import type { Random } from '../../../../src/base/statistics/random.js';
import { type FuzzRequest, headerOf, withHeader } from '../requests/fuzz-request.js';
import { HOSTILE_HEADERS, HOSTILE_SEGMENTS, METHODS } from './hostile-values.js';
import { pick } from './pick.js';

/** Parameters that some route has. */
const PARAMETERS = [
  'verbose',
  'ids',
  'explain',
  'epochs',
  'batch_size',
  'learning_rate',
  'validation_split',
  'seed',
  'patience',
  'promote',
  'shadow_rows',
  'target',
  'wait',
  'replace',
  'dry_run',
  'features',
  'drop',
  'types',
  'delimiter',
  'decimal',
  'target_transform',
  '__proto__',
  'none',
];

/** Sets, repeats or removes a header. */
export function mutateHeader(request: FuzzRequest, random: Random): FuzzRequest {
  const name = pick(Object.keys(HOSTILE_HEADERS), random);
  const value = pick(HOSTILE_HEADERS[name]!, random);
  switch (random.below(12)) {
    case 0:
      return name === 'Host' ? { ...withHeader(request, name), honest: false } : withHeader(request, name);
    case 1:
      return { ...request, headers: [...request.headers, [name, value]], honest: request.honest && name !== 'Host' };
    case 2: {
      const count = random.below(4) === 0 ? 2500 : random.below(100);
      const more = Array.from({ length: count }, (_, i) => [`x-${i}`, 'v'] as const);
      return { ...request, headers: [...request.headers, ...more] };
    }
    default:
      return withHeader(request, name, value);
  }
}

export function mutateMethod(request: FuzzRequest, random: Random): FuzzRequest {
  const method = pick(METHODS, random);
  // Node.js closes tunnels that no listener accepts.
  return { ...request, method, honest: request.honest && method !== 'CONNECT' };
}

/** Adds, repeats or removes query parameters. */
export function mutateQuery(request: FuzzRequest, random: Random): FuzzRequest {
  const { target } = request;
  const name = pick(PARAMETERS, random);
  const value = pick([...HOSTILE_SEGMENTS, 'false', '1', '5', 'y', 'a,b', 'never', 'gate'], random);
  const joined = `${target}${target.includes('?') ? '&' : '?'}`;
  switch (random.below(7)) {
    case 0:
      return { ...request, target: target.replace(/\?.*/, '') };
    case 1:
      return { ...request, target: `${joined}${name}=${value}&${name}=${value}` };
    case 2:
      return { ...request, target: `${joined}${name}[]=${value}&${name}[a]=1` };
    case 3:
      return { ...request, target: `${joined}${pick(['&&', '=', '?', '#', '%', ';', '+', `${name}`], random)}` };
    case 4:
      return { ...request, target: target.replace(/=[^&]*/, `=${value}`) };
    default:
      return { ...request, target: `${joined}${name}=${value}` };
  }
}

/** Changes one segment of the path, or its form. */
export function mutatePath(request: FuzzRequest, random: Random): FuzzRequest {
  const [path = '', ...query] = request.target.split('?');
  const changed = [changePath(path, random), ...query].join('?');
  // Node.js passes on any target; without a leading slash it need not be one.
  return { ...request, target: changed, honest: request.honest && changed.startsWith('/') };
}

function changePath(path: string, random: Random): string {
  const segments = path.split('/');
  const at = 1 + random.below(segments.length - 1);
  const hostile = pick(HOSTILE_SEGMENTS, random);
  switch (random.below(10)) {
    case 0:
      return `${path}/`;
    case 1:
      return `/${path}`;
    case 2:
      return `http://example.org${path}`;
    case 3:
      return pick(['*', '/', path.slice(1), path.toUpperCase(), `${path}#x`], random);
    case 4: {
      const place = 1 + random.below(path.length - 1);
      const code = path.charCodeAt(place);
      if (Number.isNaN(code)) return path;
      return `${path.slice(0, place)}%${code.toString(16).padStart(2, '0')}${path.slice(place + 1)}`;
    }
    case 5:
      return segments.toSpliced(at, 0, hostile).join('/');
    case 6:
      return segments.toSpliced(at, 1).join('/') || '/';
    default:
      return segments.toSpliced(at, 1, segments[at]?.includes(':') ? `${hostile}:predict` : hostile).join('/');
  }
}

/** Announces another length than the body has. What follows is not one request any more. */
export function mutateFraming(request: FuzzRequest, random: Random): FuzzRequest {
  const { body } = request;
  const length = body.length;
  if (random.below(4) === 0) return { ...request, framing: 'chunked' };
  const chunk = (size: string, end = '0\r\n\r\n') =>
    Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from(`\r\n${end}`)]);
  const right = length.toString(16);
  const lies: [headers: [string, string][], body: Buffer][] = [
    [[['Content-Length', String(length + 1 + random.below(1000))]], body],
    [[['Content-Length', String(random.below(length))]], body],
    [[['Content-Length', pick(['-1', '+5', 'x', '1e3', '', '0x10', '99999999999999999999', '1 1'], random)]], body],
    [
      [
        ['Content-Length', String(length)],
        ['Content-Length', String(length)],
      ],
      body,
    ],
    [
      [
        ['Content-Length', String(length)],
        ['Content-Length', String(length + 1)],
      ],
      body,
    ],
    [
      [
        ['Content-Length', String(length)],
        ['Transfer-Encoding', 'chunked'],
      ],
      chunk(right),
    ],
    [[['Transfer-Encoding', 'gzip, chunked']], chunk(right)],
    [[['Transfer-Encoding', pick(['identity', 'gzip', 'chunked, gzip', 'x', ''], random)]], body],
    [
      [['Transfer-Encoding', 'chunked']],
      chunk(pick(['x', '-1', 'fffffffffffffffff', 'ffffffff', '', ' 5', '0x5'], random)),
    ],
    [[['Transfer-Encoding', 'chunked']], chunk(`${right};name="value"`)],
    [[['Transfer-Encoding', 'chunked']], chunk(right, '0\r\nTrailer: x\r\n\r\n')],
    [[['Transfer-Encoding', 'chunked']], chunk(right, '')],
    [[['Transfer-Encoding', 'chunked']], chunk((length + 5).toString(16))],
    [[], body],
  ];
  const [headers, sent] = pick(lies, random);
  return { ...request, headers: [...request.headers, ...headers], body: sent, framing: 'raw', honest: false };
}

/** Uses another version of the protocol, or expects `100 Continue`. */
export function mutateVersion(request: FuzzRequest, random: Random): FuzzRequest {
  const version = pick(['HTTP/1.0', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1', 'ICY'], random);
  return { ...request, version, honest: request.honest && version === 'HTTP/1.0' && !headerOf(request, 'upgrade') };
}

/** Damages the head's bytes. */
export function damageHead(head: Buffer, random: Random): Buffer {
  const at = random.below(head.length);
  const copy = Buffer.from(head);
  switch (random.below(5)) {
    case 0:
      copy[at] = random.below(256);
      return copy;
    case 1:
      return Buffer.concat([head.subarray(0, at), head.subarray(at + 1 + random.below(8))]);
    case 2:
      return Buffer.concat([
        head.subarray(0, at),
        Buffer.from(pick(['\r\n', '\n', '\r', '\0', ' ', '\t', ':'], random)),
        head.subarray(at),
      ]);
    case 3:
      return Buffer.from(head.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    default:
      return Buffer.concat([head.subarray(0, at), Buffer.alloc(random.below(40_000), 'x'), head.subarray(at)]);
  }
}
