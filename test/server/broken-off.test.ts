import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface Operation {
  readonly requestBody?: { readonly content: Record<string, unknown> };
}

/** The point at which a client resets the connection. */
const STAGES = ['head', 'body', 'request', 'reply'] as const;

test('a client that breaks off any route at any stage does not harm the process', async (t) => {
  const directory = temporaryDirectory(t);
  // The first model is trained, and has a baseline: its archive does not fit into one buffer.
  const server = await startServer(t, { MODEL_STORE: directory, BODY_LIMIT: String(2 ** 20) });
  await server.logged('model version serves');
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  operations.push(...['/', '/docs', '/openapi.json'].map((path) => ({ method: 'get', path, operation: {} })));
  assert.ok(operations.length > 40, `${operations.length} operations`);

  for (const stage of STAGES) {
    for (const { method, path, operation } of operations) {
      const url = path.replace(/\{version\}|\{other\}/g, '1').replace(/\{[^}]*\}/g, 'test');
      await breakOff(server.url, stage, method, url, Object.keys(operation.requestBody?.content ?? {})[0]);
      assert.equal(server.child.exitCode, null, `${method} ${path}, ${stage}`);
    }
  }
  // Once more at many moments of a reply that is made while it is sent.
  for (let i = 0; i < 30; i++) await breakOff(server.url, 'request', 'get', `/models/1/archive`, undefined);
  assert.equal((await fetch(`${server.url}/livez`)).status, 200);
  assert.equal((await fetch(`${server.url}/models/1/archive`)).status, 200);
  assert.deepEqual(
    server.lines.filter(({ level }) => level >= 60),
    [],
  );
});

/** Sends a request up to a stage, resets the connection, and waits until it is closed. */
async function breakOff(
  server: string,
  stage: (typeof STAGES)[number],
  method: string,
  path: string,
  type: string | undefined,
): Promise<void> {
  const { hostname, port } = new URL(server);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  const body = '{"instances":[[1,2,3]]}';
  const length = type === undefined ? 0 : stage === 'body' ? 1000 : body.length;
  const head = `${method.toUpperCase()} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n`;
  await write(socket, head);
  if (stage !== 'head') await write(socket, `content-type: ${type ?? 'text/plain'}\r\n\r\n${length > 0 ? body : ''}`);
  // A reply that waits for something, such as an event, may not come.
  if (stage === 'reply') await Promise.race([once(socket, 'data'), new Promise((done) => setTimeout(done, 300))]);
  socket.resetAndDestroy();
  await closed;
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => socket.write(text, () => resolve()));
}
