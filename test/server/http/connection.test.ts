import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { DEFAULT_TRAINING } from '../../../src/model/training/training-options.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';

/** Larger than the buffers of a socket: a client that sends it before it reads waits for the server to read. */
const LARGE = 16 * 2 ** 20;
const KEYS = ['error', 'code', 'request_id'];

async function listen(t: TestContext): Promise<TestApp & { url: URL }> {
  const parts = await buildTestApp(t);
  return { ...parts, url: new URL(await parts.app.listen({ host: '127.0.0.1', port: 0 })) };
}

function open(t: TestContext, { port, hostname }: URL): Socket {
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  t.after(() => socket.destroy());
  return socket;
}

/** Everything that arrives until the server closes. */
async function untilEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks).toString();
}

function statuses(text: string): number[] {
  return Array.from(text.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => Number(status));
}

/** The body of the last reply. */
function lastBody(text: string): Record<string, string> {
  return JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n')));
}

/** Takes the place of the one training until the test ends. */
function holdPlace(t: TestContext, { jobs }: TestApp): void {
  let fail: (error: Error) => void = () => {};
  const held = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  jobs.start(() => held, DEFAULT_TRAINING).catch(() => {});
  t.after(() => fail(new Error('the test has ended')));
}

const UPLOADS: [status: number, path: string, type: string, extra?: string][] = [
  [400, '/train', 'text/csv'],
  [400, '/train?target=y&epochs=many', 'text/csv'],
  [400, '/train?target=y&epochs=many', 'text/csv', 'transfer-encoding: chunked'],
  [409, '/train?target=y', 'text/csv'],
  [409, '/train?target=y', 'application/vnd.apache.parquet'],
  [404, '/nothing', 'text/csv'],
  [404, '/nothing', 'application/json', 'content-encoding: gzip'],
  [405, '/model', 'application/json'],
  [415, '/train', 'text/plain'],
  [415, '/train', 'text/csv', 'content-encoding: zstd'],
  [413, '/predict', 'application/json'],
  [413, '/predict', 'application/json', 'transfer-encoding: chunked'],
  [413, '/models', 'application/gzip'],
  [417, '/predict', 'application/json', 'expect: a miracle'],
];

for (const connection of ['keep-alive', 'close']) {
  test(`a client that sends its whole request before it reads gets the reply of a refused upload (${connection})`, async (t) => {
    const { url, ...parts } = await listen(t);
    holdPlace(t, parts);
    for (const [status, path, type, extra = ''] of UPLOADS) {
      const socket = open(t, url);
      const chunked = extra.startsWith('transfer-encoding');
      const framing = chunked ? '' : `content-length: ${LARGE}\r\n`;
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: ${connection}\r\ncontent-type: ${type}\r\n${framing}${extra}${extra && '\r\n'}\r\n`,
      );
      if (chunked) socket.write(`${LARGE.toString(16)}\r\n`);
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.write(Buffer.alloc(LARGE, 'a'), () => resolve());
      });
      socket.write(chunked ? '\r\n0\r\n\r\n' : '');
      // Nothing of it has been read so far.
      if (connection === 'keep-alive' && status !== 417) {
        socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      }
      const text = await untilEnd(socket);
      const found = statuses(text);
      assert.equal(found[0], status, `${path} ${extra}: ${text}`);
      assert.ok(found.length === 1 || found[1] === 200, `${path} ${extra}: ${text}`);
    }
  });
}

test("Python's http.client gets the reply of a refused upload", async (t) => {
  const { url, ...parts } = await listen(t);
  holdPlace(t, parts);
  const script = `
import http.client, sys
for path, kind in [('/train', 'text/csv'), ('/train?target=y', 'text/csv'), ('/nothing', 'text/csv'), ('/predict', 'application/json')]:
    client = http.client.HTTPConnection('${url.hostname}', ${url.port}, timeout=20)
    client.request('POST', path, b'a' * ${LARGE}, {'content-type': kind})
    print(client.getresponse().status)
`;
  const { stdout } = await promisify(execFile)('python3', ['-c', script]);
  assert.deepEqual(stdout.trim().split('\n'), ['400', '409', '404', '413']);
});

test('an upload that has its reply is cut off when its client never ends it', async (t) => {
  const { app, url } = await listen(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const connection of ['keep-alive', 'close']) {
    const socket = open(t, url);
    const [peer] = (await once(app.server, 'connection')) as [Socket];
    socket.on('error', () => {});
    socket.write(
      `POST /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: ${connection}\r\ncontent-type: text/csv\r\ncontent-length: 1000\r\n\r\na`,
    );
    await once(socket, 'data');
    assert.equal(peer.destroyed, false);
    const closed = once(peer, 'close');
    t.mock.timers.tick(30_000);
    await closed;
  }
});

test('a broken body ends a reply in progress, without a second status line', async (t) => {
  const parts = await buildTestApp(t);
  const events = async function* (): AsyncGenerator<string> {
    yield 'event: first\n\n';
    await new Promise(() => {});
  };
  parts.app.get('/events', { config: { scope: 'open' } }, (_request, reply) =>
    reply.type('text/event-stream').send(Readable.from(events())),
  );
  const socket = open(t, new URL(await parts.app.listen({ host: '127.0.0.1', port: 0 })));
  socket.write('GET /events HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
  const [first] = await once(socket, 'data');
  assert.match(String(first), /^HTTP\/1\.1 200 /);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.end('no chunk\r\n');
  await once(socket, 'close');
  assert.deepEqual(statuses(Buffer.concat(chunks).toString()), []);
});

test('what follows a request that is still being answered is refused after its reply', async (t) => {
  const { url } = await listen(t);
  const body = '[[1,2,3]]';
  for (const length of [body.length, body.length - 1]) {
    const socket = open(t, url);
    socket.write(
      `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}` +
        `GET /drift HTTP/1.1\r\nhost: localhost\r\n\r\nnonsense ${length}\r\n\r\n`,
    );
    const text = await untilEnd(socket);
    assert.deepEqual(statuses(text), [200, 409, 400], text);
    assert.match(lastBody(text)['error']!, /^not an HTTP request: /);
  }
});

test('bytes after the last request of a connection do not cut the reply that is being sent', async (t) => {
  const { app } = await buildTestApp(t);
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  app.get('/parts', { config: { scope: 'open' } }, (_request, reply) =>
    reply.type('text/plain').send(
      Readable.from(
        (async function* () {
          yield 'first';
          await finished;
          yield 'last';
        })(),
      ),
    ),
  );
  const socket = open(t, new URL(await app.listen({ host: '127.0.0.1', port: 0 })));
  socket.write('GET /parts HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  await once(socket, 'data');
  const rest = untilEnd(socket);
  // The server says when it has read the surplus.
  const refused = once(app.server, 'clientError');
  socket.write('GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await refused;
  finish();
  assert.match(await rest, /last\r\n0\r\n\r\n$/);
});

test('a client that sends a large body after headers that are too large gets its 431', {
  timeout: 60_000,
}, async (t) => {
  const { url } = await listen(t);
  const socket = open(t, url);
  const head = `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${LARGE}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`;
  // It reads nothing before it has sent everything.
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.write(head + 'x'.repeat(LARGE), () => resolve());
  });
  assert.deepEqual(statuses(await untilEnd(socket)), [431]);
});

test('headers that are too large are a 431, and the connection does not stay half closed', async (t) => {
  const { app, url } = await listen(t);
  const socket = open(t, url);
  const closed = once(app.server, 'connection').then(([peer]) => once(peer, 'close'));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  socket.on('error', () => {});
  socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);
  const text = await untilEnd(socket);
  assert.deepEqual(statuses(text), [431]);
  assert.deepEqual(Object.keys(lastBody(text)), KEYS);
  t.mock.timers.tick(5000);
  await closed;
});

test('a connection that was only opened gets nothing when its time is over, half a request a 408', async (t) => {
  const { app, url } = await listen(t);
  const timeOut = async (sent: string): Promise<string> => {
    const socket = open(t, url);
    const [peer] = (await once(app.server, 'connection')) as [Socket];
    const end = untilEnd(socket);
    if (sent) {
      socket.write(sent);
      while (peer.bytesRead < sent.length) await new Promise(setImmediate);
    }
    app.server.emit(
      'clientError',
      Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }),
      peer,
    );
    return end;
  };
  assert.equal(await timeOut(''), '');
  const text = await timeOut('GET / HT');
  assert.deepEqual(statuses(text), [408]);
  assert.deepEqual(lastBody(text)['code'], 'REQUEST_TIMEOUT');
});

test('a request without Host, or with an unknown expectation, is refused in the documented form', async (t) => {
  const { url } = await listen(t);
  const body = '[[1,2,3]]';
  const json = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  for (const [status, path, headers] of [
    [400, 'GET /livez', ''],
    [400, 'POST /predict', json],
    [417, 'POST /predict', `host: localhost\r\nexpect: nothing\r\n${json}`],
  ] as const) {
    const socket = open(t, url);
    socket.write(`${path} HTTP/1.1\r\n${headers}\r\n${path.startsWith('POST') ? body : ''}`);
    const text = await untilEnd(socket);
    assert.deepEqual(statuses(text), [status]);
    assert.deepEqual(Object.keys(lastBody(text)), KEYS);
  }
});

test('an idle connection stays open for KEEP_ALIVE_TIMEOUT', async (t) => {
  const { app } = await buildTestApp(t, ['a'], {}, { KEEP_ALIVE_TIMEOUT: '600' });
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  for (const body of ['[[1]]', '[["a"]]']) {
    const { headers } = await fetch(new URL('/predict', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(headers.get('keep-alive'), 'timeout=600');
  }
});

test('a target without a path is answered as the index, not with a redirection', async (t) => {
  const { url } = await listen(t);
  for (const target of ['*', '*?a', url.origin, `${url.origin}?a`, `${url.origin}/`]) {
    const socket = open(t, url);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
    const reply = await untilEnd(socket);
    assert.deepEqual(statuses(reply), [200], `${target}: ${reply}`);
  }
});
