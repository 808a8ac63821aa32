import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FuzzRequest, fuzzRequest } from './fuzz-request.js';

const GOLDEN = fileURLToPath(new URL('../../../../../test/server/protocols/golden/', import.meta.url));

/** Reads the golden requests of every protocol. */
export function goldenRequests(): FuzzRequest[] {
  return readdirSync(GOLDEN)
    .sort()
    .flatMap((protocol) =>
      readdirSync(join(GOLDEN, protocol))
        .filter((name) => name.endsWith('.request'))
        .sort()
        .map((name) => parse(`${protocol}/${name}`, readFileSync(join(GOLDEN, protocol, name), 'utf8'))),
    );
}

/** The format is described at `testGolden`. */
function parse(name: string, text: string): FuzzRequest {
  const [head = '', ...rest] = text.split('\n\n');
  const [start = '', ...lines] = head.trimEnd().split('\n');
  const [method = '', target = ''] = start.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const body = rest
    .join('\n\n')
    .replace(/\n$/, '')
    .replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  const request = fuzzRequest(name, method, target, headers, Buffer.from(body, 'latin1'));
  const framed = headers.some(([header]) => /^(content-length|transfer-encoding)$/i.test(header));
  return framed ? { ...request, framing: 'raw', honest: false } : request;
}
