import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildTestApp, publishUntrained, type TestApp, type TestOptions } from '../../support/test-app.js';

/** Headers of a reply that are no part of a contract, never the same, or the same on every reply. */
const LEFT_OUT = new Set([
  ...['date', 'connection', 'keep-alive', 'x-request-id', 'content-length'],
  ...['content-security-policy', 'x-content-type-options', 'referrer-policy'],
  ...['cross-origin-resource-policy', 'cross-origin-opener-policy'],
]);

/**
 * Sends every request of `test/server/protocols/golden/<protocol>/*.request` over a socket, and compares the whole reply with the file
 * beside it. `\x00` in a body is a byte; `…` in a reply stands for anything; host, content length and connection are
 * added. Requests whose name begins with `not-ready.` meet a service without a model, and with `fresh.` one of their own.
 * With `UPDATE_GOLDEN=1` replies that differ are written instead.
 */
export function testGolden(contract: string, options: TestOptions = {}, build = buildGoldenApp): void {
  const directory = fileURLToPath(new URL(`../../../../test/server/protocols/golden/${contract}/`, import.meta.url));
  const names = readdirSync(directory).sort();
  const requests = names.filter((name) => name.endsWith('.request'));
  const shared = requests.filter((name) => !/^(not-ready|fresh)\./.test(name));

  test(`${contract}: every file is one of a pair`, () => {
    const pairs = requests.flatMap((name) => [name.replace(/request$/, 'reply'), name]);
    assert.deepEqual(names, process.env['UPDATE_GOLDEN'] ? names : pairs);
    assert.ok(requests.length > 0);
  });

  test(`${contract}: replies are as in the files`, async (t) => {
    const { port } = await listen(await build(t, options));
    for (const name of shared) await t.test(name, () => compare(directory, name, port));
  });

  for (const name of requests.filter((name) => !shared.includes(name))) {
    test(`${contract}: ${name}`, async (t) => {
      const app = name.startsWith('fresh.') ? build(t, options) : buildTestApp(t, [], options);
      await compare(directory, name, (await listen(await app)).port);
    });
  }
}

/**
 * Two versions of a model of the features a, b and c, of which 1 serves. It is linear, so that its numbers are exact on any
 * machine: rows become z = (a, (b - 1) / 2, (c - 2) / 3), predictions 10 + 2 (z₁ + 2 z₂ + 3 z₃), reconstructions z / 2.
 */
export async function buildGoldenApp(t: TestContext, options: TestOptions = {}): Promise<TestApp> {
  const built = await buildTestApp(t, [], options);
  const out = [1, 2, 3, 0];
  const reconstruct = [
    [0.5, 0, 0],
    [0, 0.5, 0],
    [0, 0, 0.5],
    [0, 0, 0],
  ].flat();
  const network = { hidden: [], weights: Float32Array.from([...out, ...reconstruct]) };
  for (let i = 0; i < 2; i++) await publishUntrained(built.store, ['a', 'b', 'c'], ['y'], 1, null, network);
  await built.loader.activate(1);
  return built;
}

export async function listen({ app }: TestApp): Promise<AddressInfo> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app.server.address() as AddressInfo;
}

async function compare(directory: string, name: string, port: number): Promise<void> {
  const expectedFile = join(directory, name.replace(/request$/, 'reply'));
  const got = describe(await exchange(port, bytesOf(readFileSync(join(directory, name), 'utf8'))));
  const expected = process.env['UPDATE_GOLDEN'] ? readOrNothing(expectedFile) : readFileSync(expectedFile, 'utf8');
  const pattern = expected.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  if (new RegExp(`^${pattern.join('[^]*')}$`).test(got)) return;
  if (process.env['UPDATE_GOLDEN']) writeFileSync(expectedFile, got);
  else assert.equal(got, expected, name);
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The bytes of a request that a file shows. */
export function bytesOf(text: string): Buffer {
  const [head, ...rest] = text.split('\n\n');
  const body = Buffer.from(
    rest
      .join('\n\n')
      .replace(/\n$/, '')
      .replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
  const lines = [...head!.trimEnd().split('\n'), 'Host: localhost', 'Connection: close'];
  const counted = /^(content-length|transfer-encoding):/im.test(head!) || rest.length === 0;
  if (!counted) lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** Sends bytes, and gives all that come back. */
export async function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  // Not ended: the service takes that as a client that has gone.
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A reply as a file shows it. */
function describe(reply: Buffer): string {
  const end = reply.indexOf('\r\n\r\n');
  const [status, ...headers] = reply.toString('latin1', 0, end).split('\r\n');
  const kept = headers.filter((line) => !LEFT_OUT.has(line.replace(/:.*/, '').toLowerCase())).sort();
  const body = Array.from(reply.toString('latin1', end + 4), (character) => {
    const code = character.charCodeAt(0);
    return code === 10 || (code >= 32 && code < 127) ? character : `\\x${code.toString(16).padStart(2, '0')}`;
  }).join('');
  const id = /"request_id":"[^"]*"/g;
  return `${[status, ...kept].join('\n')}\n\n${body.replace(id, '"request_id":"…"')}\n`;
}
